-- +goose Up

-- A customer's data key, wrapped by the installation's. This store is never
-- part of a backup of the data.
create table data_key (
    customer_id bigint not null, -- pseudonymous customer
    key_id bigint not null, -- none nobody; version of the key that wraps
    wrapped bytea not null, -- sealed customer; AES-256-GCM
    made_at bigint not null, -- pseudonymous customer
    primary key (customer_id)
);

-- The version under which keys are wrapped from now on. A server that was started
-- before a rotation finds a newer one here and wraps nothing more.
create table wrapping (
    name text not null, -- none nobody; always 'root'
    key_id bigint not null, -- none nobody
    primary key (name)
);
