-- +goose Up
-- What people said about the use of their data. Append only; numbered and
-- chained by hash for each customer.
create table consent_record (
    customer_id bigint not null, -- pseudonymous customer
    seq bigint not null, -- none customer; 1, 2, 3 ... for each customer
    record_id bigint not null, -- pseudonymous customer
    rev bigint not null, -- none customer; the customer's revision that wrote it
    controller text not null, -- none nobody
    purpose text not null, -- pseudonymous customer
    channel text not null, -- pseudonymous customer
    recipient text not null, -- pseudonymous customer
    kind text not null, -- pseudonymous customer
    validity text not null, -- pseudonymous customer; valid, or evidence_refused
    ask text not null, -- pseudonymous customer
    charter_version bigint not null, -- none customer; of the words that were shown
    notice_id bigint not null, -- none customer
    notice_hash bytea not null, -- none customer
    lang text not null, -- pseudonymous customer; the language as shown
    method text not null, -- pseudonymous customer
    control_default text not null, -- none customer
    action text not null, -- pseudonymous customer
    evidence text not null, -- pseudonymous customer; where the proof is
    strength text not null, -- none customer
    asserted_at bigint not null, -- pseudonymous customer; as others claim
    actor text not null, -- pseudonymous customer
    source text not null, -- pseudonymous customer
    overruled text not null, -- pseudonymous customer; JSON of the signals that said otherwise and lost, or empty
    recorded_at bigint not null, -- pseudonymous customer; ours, never goes back
    entry_id bigint not null, -- none customer; in the ledger
    salt bytea not null, -- none customer; of the ledger's commitment
    prev bytea not null, -- digest customer; hash of the record before
    hash bytea not null, -- digest customer
    primary key (customer_id, seq),
    foreign key (customer_id) references customer (customer_id) on delete cascade
);
create index consent_record_by_id on consent_record (record_id);
create index consent_record_when on consent_record (purpose, recorded_at);

-- What is allowed from one instant to another if nothing more happens: derived
-- from facts, always recomputable. For questions over all customers; who asks
-- about one reads standing_whole, which is written with it, under a lock on the
-- customer: so no row needs to look whether there is one.
create table standing ( -- by key
    customer_id bigint not null, -- pseudonymous customer
    controller text not null, -- none nobody
    purpose text not null, -- none nobody
    channel text not null, -- none nobody
    recipient text not null, -- none nobody
    nth bigint not null, -- none customer; 0, 1, 2 ... for the intervals of one slot
    from_at bigint not null, -- pseudonymous customer; 0 in the first interval
    until_at bigint not null, -- pseudonymous customer
    ops bigint not null, -- pseudonymous customer; bit i is operation i
    reasons text not null, -- pseudonymous customer; code/requirement=operations denied, joined by commas
    basis text not null, -- pseudonymous customer
    rules bigint not null, -- none nobody; fingerprint of the rules it was decided under
    primary key (customer_id, controller, purpose, channel, recipient, nth)
);

-- Each customer's standing as a whole, and the law under which it was worked out
-- last.
create table standing_whole (
    customer_id bigint not null, -- pseudonymous customer
    law bigint not null, -- none nobody; fingerprint of all rules
    rev bigint not null, -- none customer
    computed_at bigint not null, -- pseudonymous customer
    packed bytea not null, -- pseudonymous customer; all intervals, with the ids of records and facts they rest on
    primary key (customer_id),
    foreign key (customer_id) references customer (customer_id) on delete cascade
);
create index standing_whole_stale on standing_whole (law, customer_id);

-- A visitor who turned out to be a customer: what they had said and what was
-- known of them, as it was, so that the joining can be undone.
create table merged (
    customer_id bigint not null, -- pseudonymous customer
    origin bigint not null, -- pseudonymous customer; the visitor
    at bigint not null, -- pseudonymous customer
    since bigint not null, -- pseudonymous customer; when the visitor was first seen
    kept text not null, -- pseudonymous customer; JSON of the visitor's records and of traits on both sides
    primary key (customer_id, origin),
    foreign key (customer_id) references customer (customer_id) on delete cascade
);

-- Recorded uses of a customer's data.
create table data_use (
    customer_id bigint not null, -- pseudonymous customer
    use_id bigint not null, -- pseudonymous customer
    controller text not null, -- none nobody
    purpose text not null, -- pseudonymous customer
    operation text not null, -- pseudonymous customer
    channel text not null, -- pseudonymous customer
    recipient text not null, -- pseudonymous customer
    fields text not null, -- pseudonymous customer; names, joined by commas
    actor text not null, -- pseudonymous customer; the program or role
    basis text not null, -- pseudonymous customer
    charter_version bigint not null, -- none nobody
    at bigint not null, -- pseudonymous customer
    primary key (customer_id, use_id),
    foreign key (customer_id) references customer (customer_id) on delete cascade
);

-- Evaluations over many customers at once: one row a run, nobody's in particular.
create table use_run (
    run_id bigint not null, -- none nobody
    controller text not null, -- none nobody
    purpose text not null, -- none nobody
    operation text not null, -- none nobody
    channel text not null, -- none nobody
    what text not null, -- none nobody; preview, members, count
    expression text not null, -- none nobody
    customers bigint not null, -- none nobody; rounded
    actor text not null, -- none staff
    at bigint not null, -- none nobody
    primary key (run_id)
);
