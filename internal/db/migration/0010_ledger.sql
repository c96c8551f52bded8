-- +goose Up

-- The ledger: one row an entry. Content is canonical JSON without any customer's
-- id; pos is null until the sequencer gives the entry its leaf number.
create table ledger_entry (
    entry_id bigint not null, -- none nobody
    kind text not null, -- none nobody
    at bigint not null, -- none nobody
    salt bytea not null, -- none nobody; 32 random bytes
    commitment bytea not null, -- none nobody; what the leaf holds
    content text not null, -- none nobody; never a customer's id
    pos bigint, -- none nobody; leaf number
    primary key (entry_id)
);

create unique index ledger_entry_pos on ledger_entry (pos);

create index ledger_entry_pending on ledger_entry (entry_id) where pos is null;

create index ledger_entry_at on ledger_entry (at, entry_id);

create index ledger_entry_kind on ledger_entry (kind, at, entry_id);

-- The tree's nodes: up to 256 hashes of one level side by side.
create table ledger_tile (
    level bigint not null, -- none nobody; 0 holds leaves, 1 the roots of 256 leaves, ...
    tile bigint not null, -- none nobody; number within the level
    hashes bytea not null, -- none nobody; 32 bytes each
    primary key (level, tile)
);

-- How far the tree has grown. One row.
create table ledger_tree (
    name text not null, -- none nobody; always 'ledger'
    size bigint not null, -- none nobody
    root bytea not null, -- none nobody
    latest_at bigint not null, -- none nobody; the latest time the sequencer saw
    primary key (name)
);

-- Signed checkpoints: never two of one size.
create table ledger_checkpoint (
    size bigint not null, -- none nobody
    root bytea not null, -- none nobody
    note text not null, -- none nobody; C2SP tlog-checkpoint
    at bigint not null, -- none nobody
    primary key (size)
);

-- What witnesses signed of it.
create table ledger_cosignature (
    size bigint not null, -- none nobody
    witness text not null, -- none nobody; its name
    line text not null, -- none nobody; a C2SP signed-note signature line
    primary key (size, witness)
);

-- Work to do in the background. Arguments are ids only.
create table job (
    job_id bigint not null, -- none nobody
    kind text not null, -- none nobody
    args text not null, -- none nobody; ids only
    unique_key text not null, -- none nobody; '' or a name no second waiting job may have
    run_at bigint not null, -- none nobody
    attempt bigint not null, -- none nobody; how often it was started
    holder text not null, -- none nobody; the process at work on it, or ''
    lease_until bigint not null, -- none nobody
    again bigint not null, -- none nobody; 1 when it was asked for while it ran
    dead_at bigint not null, -- none nobody; when it was given up, or 0
    error_code text not null, -- none nobody; of the last failure, never its text
    created_at bigint not null, -- none nobody
    primary key (job_id)
);

create index job_due on job (dead_at, run_at, job_id);

create unique index job_unique on job (kind, unique_key) where unique_key <> '' and dead_at = 0;

-- When each periodic job is due next.
create table job_period (
    kind text not null, -- none nobody
    next_at bigint not null, -- none nobody
    primary key (kind)
);

-- Effects sent upward, numbered by the ledger's sequencer. Payloads are ids only.
create table outbox (
    outbox_id bigint not null, -- none nobody
    topic text not null, -- none nobody
    payload text not null, -- none nobody; ids only
    at bigint not null, -- none nobody
    pos bigint, -- none nobody; place in the order of all effects
    primary key (outbox_id)
);

create unique index outbox_pos on outbox (pos);

create index outbox_topic on outbox (topic, pos);

create index outbox_pending on outbox (outbox_id) where pos is null;

-- The last number given. Numbers are never given twice, not even when the rows
-- that had them are gone.
create table outbox_number (
    name text not null, -- none nobody; 'outbox' or 'change'
    pos bigint not null, -- none nobody
    primary key (name)
);

-- How far each follower has read.
create table outbox_follower (
    name text not null, -- none nobody
    topic text not null, -- none nobody
    pos bigint not null, -- none nobody
    primary key (name, topic)
);

-- Which customers changed, a row a transaction: what is derived from customers
-- and held in memory follows it. Rows stay for an hour.
create table customer_change (
    change_id bigint not null, -- none nobody
    customers bytea not null, -- none nobody; ids only, 8 bytes each
    at bigint not null, -- none nobody
    pos bigint, -- none nobody; place in the order of all changes
    primary key (change_id)
);

create unique index customer_change_pos on customer_change (pos);

create index customer_change_pending on customer_change (change_id) where pos is null;
