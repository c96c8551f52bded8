-- +goose Up
-- What every table follows: one column a line; after it, as a comment, the
-- class of what it holds (none, pseudonymous, digest, sealed) and whose it is
-- (customer, staff, third, nobody). A test reads these comments.

-- Small values of the installation: its id, the schema's slot map, high marks.
create table setting (
    name text not null, -- none nobody
    value text not null, -- none nobody
    primary key (name)
);

-- Who may do a thing that only one process may do at a time.
create table lease (
    name text not null, -- none nobody
    holder text not null, -- none nobody
    fence bigint not null, -- none nobody
    until_at bigint not null, -- none nobody
    primary key (name)
);
