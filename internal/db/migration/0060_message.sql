-- +goose Up
-- Messages (what was written), sends (who gets it), counters of what a person
-- got, campaigns, and the mailbox of the demo.

-- Content as people wrote it. It names fields and holds no values of anyone.
create table message (
    message_id bigint not null, -- none nobody
    controller text not null, -- none nobody
    purpose text not null, -- none nobody
    channel text not null, -- none nobody
    class text not null, -- none nobody
    sender text not null, -- none nobody; the From address, a house's own
    content text not null, -- none nobody; JSON
    content_hash bytea not null, -- none nobody
    approved_hash bytea not null, -- none nobody; empty until approved
    approved_by text not null, -- none staff; an actor, no name
    approved_at bigint not null, -- none nobody
    stopped bigint not null, -- none nobody; 1 while nothing of it may leave
    created_at bigint not null, -- none nobody
    primary key (message_id)
);

-- Templates: texts that campaigns start from. Each change is a version.
create table message_template (
    template_id bigint not null, -- none nobody
    version bigint not null, -- none nobody; from 1
    latest bigint not null, -- none nobody; 1 for the newest version
    controller text not null, -- none nobody
    name text not null, -- none nobody
    purpose text not null, -- none nobody
    content text not null, -- none nobody; JSON
    by_actor text not null, -- none staff; an actor, no name
    saved_at bigint not null, -- none nobody
    primary key (template_id, version)
);
create index message_template_latest on message_template (latest, template_id);

-- One message to one customer. Bodies are made at hand-over and never stored.
create table send (
    customer_id bigint not null, -- pseudonymous customer
    send_key bytea not null, -- digest customer
    program text not null, -- none nobody; campaign, service
    program_id bigint not null, -- none nobody
    message_id bigint not null, -- none nobody; 0 for a service mail of the engine
    controller text not null, -- none nobody
    purpose text not null, -- pseudonymous customer
    channel text not null, -- pseudonymous customer
    class text not null, -- none nobody
    lang text not null, -- pseudonymous customer; '' is the language of the customer, else of the charter
    content_hash bytea not null, -- none nobody; as approved when planned
    payload text not null, -- sealed customer; what a service mail says, emptied when it ends
    state text not null, -- pseudonymous customer
    reasons text not null, -- pseudonymous customer; codes, joined by commas
    reply bigint not null, -- none nobody; the SMTP reply
    attempt bigint not null, -- none nobody; attempts to send it
    begun bigint not null, -- none nobody; 1 once the attempt may have reached DATA
    counted bigint not null, -- none nobody; 1 once a cap has counted it
    entry bigint not null, -- none nobody; the ledger entry of the hand-over or denial
    overtaken_at bigint not null, -- pseudonymous customer; a withdrawal came while it was on its way
    too_personal bigint not null, -- pseudonymous customer; 1 when the person said that it was
    holder text not null, -- none nobody
    lease_until bigint not null, -- none nobody
    due_at bigint not null, -- none nobody
    planned_at bigint not null, -- pseudonymous customer
    handed_at bigint not null, -- pseudonymous customer
    ended_at bigint not null, -- pseudonymous customer
    mail_number bigint not null, -- digest customer; the beginning of a digest of the Message-ID, by which reports find it
    complained_at bigint not null, -- pseudonymous customer; the person called it spam
    primary key (customer_id, send_key),
    foreign key (customer_id) references customer (customer_id) on delete cascade
);
create index send_mail on send (mail_number);
create index send_due on send (state, due_at, mail_number);
create index send_program on send (program, program_id, state, due_at, mail_number);

-- How many messages of a class a customer got on a day, for caps.
create table contact_count (
    customer_id bigint not null, -- pseudonymous customer
    controller text not null, -- none nobody
    channel text not null, -- pseudonymous customer
    purpose text not null, -- pseudonymous customer; '' counts all purposes
    day bigint not null, -- pseudonymous customer; days since 1970
    n bigint not null, -- pseudonymous customer
    primary key (customer_id, controller, channel, purpose, day),
    foreign key (customer_id) references customer (customer_id) on delete cascade
);

-- How many service mails an address got in an hour. Rows go after two days.
create table service_count ( -- lookup
    endpoint bytea not null, -- digest customer; no customer is known to it
    kind text not null, -- none nobody
    hour bigint not null, -- none nobody; hours since 1970
    n bigint not null, -- none nobody
    primary key (endpoint, kind, hour)
);

create table campaign (
    campaign_id bigint not null, -- none nobody
    controller text not null, -- none nobody
    name text not null, -- none nobody
    purpose text not null, -- none nobody
    channel text not null, -- none nobody
    audience text not null, -- none nobody; a condition
    approved_audience text not null, -- none nobody; as launched
    holdout bigint not null, -- none nobody; percent left out for comparison; -1 until decided
    not_before bigint not null, -- none nobody; nothing leaves earlier; 0 for at once
    message_id bigint not null, -- none nobody
    template_id bigint not null, -- none nobody; that the text came from; 0 for none
    state text not null, -- none nobody
    reason text not null, -- none nobody; code of a pause by the engine
    rev bigint not null, -- none nobody
    planned_after bigint not null, -- none nobody; planning has passed all smaller customer ids
    planned_all bigint not null, -- none nobody; 1 when nobody is left to plan
    by_actor text not null, -- none staff; an actor, no name
    edited_by text not null, -- none staff; actors, joined by spaces
    created_at bigint not null, -- none nobody
    launched_at bigint not null, -- none nobody
    ended_at bigint not null, -- none nobody
    primary key (campaign_id)
);
create index campaign_state on campaign (state, campaign_id);
create index campaign_template on campaign (template_id, campaign_id);

-- DKIM keys that were made here, of sending domains.
create table dkim_key (
    domain text not null, -- none nobody
    selector text not null, -- none nobody
    state text not null, -- none nobody; waiting, signing or retired
    secret text not null, -- sealed nobody; the private key
    created_at bigint not null, -- none nobody
    changed_at bigint not null, -- none nobody
    primary key (domain, selector)
);

-- The demo's mailbox. What came for an address that no customer has is kept
-- under customer 0 and goes after a day.
create table mail (
    customer_id bigint not null, -- pseudonymous customer
    mail_id bigint not null, -- none nobody
    at bigint not null, -- pseudonymous customer
    size bigint not null, -- none nobody
    sealed text not null, -- sealed customer; addresses, headers and parts
    primary key (customer_id, mail_id)
);
create index mail_newest on mail (mail_id);
