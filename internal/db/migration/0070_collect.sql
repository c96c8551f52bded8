-- +goose Up

-- Where data come from: a website's, an app's or a server's key.
create table source (
    source_id bigint not null, -- none nobody
    name text not null, -- none nobody
    class text not null, -- none nobody; public, server or a kind of shop
    mode text not null, -- none nobody; live or test
    controller text not null, -- none nobody
    namespace text not null, -- none nobody; whose user ids these are, such as shop
    key_id bigint not null, -- none nobody; root key of the digest
    key_digest bytea not null, -- digest nobody; of the write key
    origins text not null, -- none nobody; JSON list of web origins
    events text not null, -- none nobody; JSON list of events taken; empty means all, for a server
    fields text not null, -- none nobody; JSON list of fields taken; empty means all, for a server
    notice_version bigint not null, -- none nobody; the notice shown where this source collects, or 0
    secret_key_id bigint not null, -- none nobody; root key that seals the secret
    secret bytea not null, -- sealed nobody; with which a shop signs its webhooks, or empty
    created_at bigint not null, -- none nobody
    revoked_at bigint not null, -- none nobody; or 0
    primary key (source_id)
);

create unique index source_key on source (key_digest);

-- What was taken, dropped and refused, by name and never by value.
create table source_count (
    source_id bigint not null, -- none nobody
    kind text not null, -- none nobody; accepted, dropped, refused, ...
    name text not null, -- none nobody; looks like an identifier, or is (other)
    n bigint not null, -- none nobody
    last_at bigint not null, -- none nobody
    primary key (source_id, kind, name)
);

-- Declared data that failed validation, kept sealed for a week for whoever
-- repairs the source.
create table quarantine (
    quarantine_id bigint not null, -- none nobody
    source_id bigint not null, -- none nobody
    received_at bigint not null, -- none nobody
    reason text not null, -- none nobody; a code
    field text not null, -- none nobody; the declared name that failed
    size bigint not null, -- none nobody; bytes
    key_id bigint not null, -- none nobody
    body bytea not null, -- sealed nobody; nobody's yet: it was stored for no customer
    primary key (quarantine_id)
);

create index quarantine_source on quarantine (source_id, quarantine_id);

create index quarantine_age on quarantine (received_at);

-- Imports of files that were run.
create table import (
    import_id bigint not null, -- none nobody
    source text not null, -- none nobody; where the file came from, as the mapping says
    actor text not null, -- none staff
    started_at bigint not null, -- none nobody
    ended_at bigint not null, -- none nobody; or 0
    outcome text not null, -- none nobody; done, or a code
    rows_read bigint not null, -- none nobody
    rows_ok bigint not null, -- none nobody
    made bigint not null, -- none nobody; customers that were not known before
    failed bigint not null, -- none nobody; rows not taken
    key_id bigint not null, -- none nobody
    content bytea not null, -- digest nobody; of the file and how it was mapped, so that the same again goes on
    done_row bigint not null, -- none nobody; the line up to which all is taken
    primary key (import_id)
);

create index import_content on import (content);

-- Lists that were handed over together, to be judged before any of them is
-- loaded. The files are uploads, kept sealed, a week at most.
create table list_audit (
    audit_id bigint not null, -- none nobody
    actor text not null, -- none staff
    state text not null, -- none nobody; open, reading, read, trying, tried, loading, loaded, stopped or expired
    terms text not null, -- none nobody; JSON: what columns are and how each class is taken
    report bytea not null, -- sealed nobody; what the lists can prove, with masked examples while the files are here
    progress bigint not null, -- none nobody; rows read so far
    code text not null, -- none nobody; why it stopped
    problem text not null, -- none nobody; the same in words
    created_at bigint not null, -- none nobody
    changed_at bigint not null, -- none nobody
    primary key (audit_id)
);

-- Files that were handed over to be imported, each with its mapping. A file is
-- kept, sealed, until it is imported, and a day at most; that of an audit a week.
create table upload (
    import_id bigint not null, -- none nobody
    audit_id bigint not null, -- none nobody; of which it is a list, or 0
    name text not null, -- none nobody; of the file of an audit, or ""
    actor text not null, -- none staff
    mapping text not null, -- none nobody; names of columns and what they are
    state text not null, -- none nobody; open, arriving, whole, checking, checked, running, done, stopped or expired
    code text not null, -- none nobody; why it stopped
    problem text not null, -- none nobody; the same in words
    report text not null, -- none nobody; JSON, counts so far
    size bigint not null, -- none nobody; bytes
    created_at bigint not null, -- none nobody
    changed_at bigint not null, -- none nobody
    primary key (import_id)
);

create index upload_age on upload (created_at);

create index upload_audit on upload (audit_id);

create table upload_part (
    import_id bigint not null, -- none nobody
    part bigint not null, -- none nobody
    body bytea not null, -- sealed nobody; nobody's yet: it was imported for no customer
    primary key (import_id, part)
);

-- Rows that were not taken: by place and reason, never by value.
create table upload_failure (
    import_id bigint not null, -- none nobody
    line bigint not null, -- none nobody
    name text not null, -- none nobody; of the column, or ""
    reason text not null, -- none nobody; a code
    primary key (import_id, line, name)
);
