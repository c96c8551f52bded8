-- +goose Up
-- The protection journal's lines, in the order in which they were chained.
create table journal_line (
    seq bigint not null, -- none nobody
    body text not null, -- sealed customer; keyed digests, and sealed what a replay needs
    hash bytea not null, -- none nobody; SHA-256 over the hash before and the body
    primary key (seq)
);

-- The last line. Whoever appends locks this row first.
create table journal_head (
    name text not null, -- none nobody; always 'journal'
    seq bigint not null, -- none nobody
    hash bytea not null, -- none nobody
    primary key (name)
);

insert into journal_head (name, seq, hash) values ('journal', 0, '');
