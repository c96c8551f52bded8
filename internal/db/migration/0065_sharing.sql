-- +goose Up

-- Where a recipient of the charter takes data and notices. The charter promises
-- who gets what; this says how it gets there.
create table recipient (
    controller text not null, -- none nobody
    recipient text not null, -- none nobody; its name in the charter
    kind text not null, -- none nobody; webhook, or manual: a person passes notices on
    url text not null, -- none nobody; of a webhook
    owner text not null, -- none nobody; the role that answers for a manual recipient
    feeds text not null, -- none nobody; purposes whose data follow permission by themselves
    consents bigint not null, -- none nobody; 1 when it hears of consent records
    secret text not null, -- sealed nobody; signs what is sent and what it answers
    subject_key text not null, -- sealed nobody; makes its references to people
    suspended text not null, -- none nobody; the code of why nothing is given, or ''
    created_at bigint not null, -- none nobody
    actor text not null, -- none staff
    primary key (controller, recipient)
);

-- What a recipient is given and told about one customer: a disclosure each, or a
-- notice that must be acknowledged.
create table delivery (
    customer_id bigint not null, -- pseudonymous customer
    delivery_id bigint not null, -- none nobody
    controller text not null, -- none nobody
    recipient text not null, -- none nobody
    purpose text not null, -- none customer
    kind text not null, -- none customer; data, correct, stop, consent
    fields text not null, -- none customer; names
    record_id bigint not null, -- none customer; the consent record it tells of, or 0
    state text not null, -- none customer; planned, sent, acknowledged, cancelled, denied, lapsed
    code text not null, -- none customer; of the last failure, or ''
    attempts bigint not null, -- none nobody
    planned_at bigint not null, -- none customer
    due_at bigint not null, -- none nobody
    sent_at bigint not null, -- none customer; or 0
    acked_at bigint not null, -- none customer; or 0
    primary key (customer_id, delivery_id)
);

create index delivery_due on delivery (state, due_at);

create index delivery_recipient on delivery (recipient, delivery_id);

-- What a recipient must still be told of a person who was erased. The customer's
-- id is then a random number that leads to nobody here; the recipient's reference
-- is worked out from it until the recipient has confirmed.
create table erasure_notice (
    customer_id bigint not null, -- pseudonymous customer
    request_id bigint not null, -- none nobody
    delivery_id bigint not null, -- none nobody
    controller text not null, -- none nobody
    recipient text not null, -- none nobody
    state text not null, -- none nobody; planned, sent, acknowledged, lapsed
    code text not null, -- none nobody
    attempts bigint not null, -- none nobody
    planned_at bigint not null, -- none nobody
    due_at bigint not null, -- none nobody
    sent_at bigint not null, -- none nobody
    acked_at bigint not null, -- none nobody
    primary key (customer_id, request_id, recipient)
);

create index erasure_notice_due on erasure_notice (state, due_at);

create index erasure_notice_delivery on erasure_notice (delivery_id);
