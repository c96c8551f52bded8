-- +goose Up
-- What outlives an erasure so that a legal claim can be answered: who agreed to
-- what, and that a request was answered. Found by an exact identity alone, sealed
-- under a key of its own, and deleted when claims are barred. A person with
-- several identities has a row for each.
create table claim ( -- lookup
    digest bytea not null, -- digest customer; of an identity's digest, use Claims
    request_id bigint not null, -- none nobody; the erasure it was kept at
    key_id bigint not null, -- none nobody; version of the key of digest and seal
    market text not null, -- none nobody; the rule pack that says how long
    ground text not null, -- none nobody; why it may be kept, in the words of the pack
    records bigint not null, -- none nobody; how many records of consent are in it
    made_at bigint not null, -- none nobody
    until_at bigint not null, -- none nobody; when claims are barred
    sealed bytea not null, -- sealed customer
    primary key (digest, request_id)
);

create index claim_request on claim (request_id);
create index claim_over on claim (until_at);
