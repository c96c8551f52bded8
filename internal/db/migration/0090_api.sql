-- +goose Up

-- Who may use the API. The token itself is known to its holder alone.
create table api_token (
    token_id bigint not null, -- none nobody
    digest bytea not null, -- digest nobody; keyed digest of the token
    key_id bigint not null, -- none nobody
    label text not null, -- none nobody; what it is for, as the administrator wrote it
    scopes text not null, -- none nobody; joined by commas
    networks text not null, -- none nobody; JSON: where calls may come from
    per_day bigint not null, -- none nobody; calls a day, 0 for no limit
    made_by text not null, -- none nobody; an actor
    maker text not null, -- none staff; the person at the root of made_by
    created_at bigint not null, -- none nobody
    expires_at bigint not null, -- none nobody
    used_at bigint not null, -- none nobody; last use, to the hour
    revoked_at bigint not null, -- none nobody
    primary key (token_id)
);

create unique index api_token_digest on api_token (digest);

create index api_token_maker on api_token (maker, revoked_at);

-- The code that makes the first administrator.
create table api_setup (
    name text not null, -- none nobody; always 'admin'
    digest bytea not null, -- digest nobody; keyed digest of the code
    key_id bigint not null, -- none nobody
    until_at bigint not null, -- none nobody
    used_at bigint not null, -- none nobody
    primary key (name)
);

-- Answers kept for a day, so that a request sent twice is done once.
create table api_answer (
    token_id bigint not null, -- none nobody
    idem_key bytea not null, -- digest nobody; keyed digest of the Idempotency-Key
    request bytea not null, -- digest nobody; keyed digest of the request
    status bigint not null, -- none nobody; 0 while it is being done
    content_type text not null, -- none nobody
    body text not null, -- sealed nobody
    at bigint not null, -- none nobody
    primary key (token_id, idem_key)
);

create index api_answer_at on api_answer (at);
