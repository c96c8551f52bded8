-- +goose Up
-- What the evidence of a day consists of, by its hash: what stays the same from
-- day to day is kept once.
create table evidence_part (
    hash text not null, -- none nobody; SHA-256 of the content
    content text not null, -- none staff; canonical JSON without any customer
    primary key (hash)
);

-- The evidence of each day, made once and never changed.
create table evidence_day (
    day text not null, -- none nobody; a date, such as 2026-03-01
    parts text not null, -- none nobody; JSON: name to hash
    signed text not null, -- none nobody; a signed note over the hash of the whole
    made_at bigint not null, -- none nobody
    primary key (day)
);
