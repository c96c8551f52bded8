-- +goose Up

-- Rights requests and how far they are. The bare facts outlive an erasure; the
-- customer's id is then a random number that leads to nobody.
create table request (
    customer_id bigint not null, -- pseudonymous customer
    request_id bigint not null, -- none nobody
    kind text not null, -- none nobody; erasure, access, objection, restriction, deceased, ownership
    state text not null, -- none nobody; working, waiting, partial, done
    purpose text not null, -- none nobody; what an objection is to, or ''
    outcome text not null, -- none nobody; how it ended, or ''
    via text not null, -- none nobody; the way it came in
    actor text not null, -- none nobody
    market text not null, -- none nobody; the rule pack its clock comes from
    received_at bigint not null, -- none nobody
    safe_due bigint not null, -- none nobody; the engine's red line
    legal_due bigint not null, -- none nobody
    target_due bigint not null, -- none nobody
    closed_at bigint not null, -- none nobody; 0 while open
    entry_id bigint not null, -- none nobody; the certificate in the ledger
    content text not null, -- none nobody; the certificate, or what was found about the case
    primary key (customer_id, request_id)
);
create index request_by_id on request (request_id);
create index request_open on request (state, safe_due);
create index request_received on request (kind, received_at);
create index request_closed on request (state, closed_at);

-- The steps of an erasure, one for each store, in the order they are done.
create table erasure_step (
    customer_id bigint not null, -- pseudonymous customer
    request_id bigint not null, -- none nobody
    step bigint not null, -- none nobody
    store text not null, -- none nobody
    removed bigint not null, -- none nobody; rows deleted
    done_at bigint not null, -- none nobody; 0 while open
    primary key (customer_id, request_id, step)
);

-- Confirmations of addresses that were asked for and not yet given (double
-- opt-in). A token is good for one press.
create table confirmation (
    customer_id bigint not null, -- pseudonymous customer
    confirmation_id bigint not null, -- none nobody
    controller text not null, -- none nobody
    purpose text not null, -- none nobody
    channel text not null, -- none nobody
    ask text not null, -- none nobody; "" when asked from the privacy centre
    lang text not null, -- none nobody
    notice_id bigint not null, -- none nobody
    asked_at bigint not null, -- none nobody
    expires_at bigint not null, -- none nobody
    used_at bigint not null, -- none nobody; 0 while unused
    parent bigint not null, -- pseudonymous customer; 1 when a parent is to press the button
    age text not null, -- pseudonymous customer; JSON of the band that was asked for, or empty
    primary key (customer_id, confirmation_id)
);
create index confirmation_open on confirmation (used_at, asked_at);

-- Codes that prove who is reading: eight digits, ten minutes, five tries.
create table step_up (
    customer_id bigint not null, -- pseudonymous customer
    challenge_id bigint not null, -- none nobody
    code bytea not null, -- digest customer
    tries bigint not null, -- none nobody
    expires_at bigint not null, -- none nobody
    used_at bigint not null, -- none nobody; 0 while unused
    primary key (customer_id, challenge_id)
);
create index step_up_expired on step_up (expires_at);
