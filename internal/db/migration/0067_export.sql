-- +goose Up

-- A file with people's data that somebody took out, and by when they delete it.
create table export (
    export_id bigint not null, -- none nobody
    controller text not null, -- none nobody
    kind text not null, -- none nobody; audience, campaign, recipient
    purpose text not null, -- none nobody
    channel text not null, -- none nobody; or ''
    recipient text not null, -- none nobody; of the charter, whom it is for, or ''
    who text not null, -- none nobody; the condition that chose them, in words
    fields text not null, -- none nobody; names, joined by commas
    people bigint not null, -- none nobody
    taken_by text not null, -- none staff
    holder text not null, -- none staff; the person behind it, who deletes it
    made_at bigint not null, -- none nobody
    delete_by bigint not null, -- none nobody
    deleted_at bigint not null, -- none nobody; when somebody said so, or 0
    deleted_by text not null, -- none staff
    reminded_at bigint not null, -- none nobody; of its overdue end, or 0
    primary key (export_id)
);

create index export_open on export (deleted_at, delete_by);

-- Whom an export holds, until it is deleted.
create table export_person (
    customer_id bigint not null, -- pseudonymous customer
    export_id bigint not null, -- none customer
    reference text not null, -- pseudonymous customer; by which the file knows them
    primary key (customer_id, export_id)
);

create index export_person_export on export_person (export_id);

-- Somebody invented whom an export holds, by the digest of their address and by
-- that of their reference: whoever uses or shows either holds that export.
create table export_canary ( -- lookup
    digest bytea not null, -- digest nobody
    key_id bigint not null, -- none nobody
    export_id bigint not null, -- none nobody
    mails bigint not null, -- none nobody; that came to the address
    last_at bigint not null, -- none nobody; when the last one came, or 0
    last_from text not null, -- none nobody; the host that handed it over
    primary key (digest)
);

create index export_canary_export on export_canary (export_id);

-- What the holder of an export must still delete of a person who was erased. The
-- customer's id then leads to nobody; the reference finds the line in the file.
create table export_erasure (
    customer_id bigint not null, -- pseudonymous customer
    request_id bigint not null, -- none nobody
    export_id bigint not null, -- none nobody
    reference text not null, -- pseudonymous customer; '' once it is confirmed
    asked_at bigint not null, -- none nobody
    told_at bigint not null, -- none nobody; when the holder got the mail, or 0
    confirmed_at bigint not null, -- none nobody; or 0
    confirmed_by text not null, -- none staff
    primary key (customer_id, request_id, export_id)
);

create index export_erasure_open on export_erasure (confirmed_at, asked_at);
