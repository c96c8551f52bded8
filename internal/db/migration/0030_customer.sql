-- +goose Up

-- The person. Erasing the row erases what hangs on it.
create table customer (
    customer_id bigint not null, -- pseudonymous customer; random
    rev bigint not null, -- none customer; orders the acts of the customer
    known bigint not null, -- pseudonymous customer; 1 when a trusted source named the person
    created_at bigint not null, -- pseudonymous customer
    seen_day bigint not null, -- pseudonymous customer; day of the last positive interaction, or 0
    primary key (customer_id)
);

-- What finds the customer, as keyed digests.
create table identity (
    customer_id bigint not null, -- pseudonymous customer
    digest bytea not null, -- digest customer
    key_id bigint not null, -- none nobody; version of the key of the digest
    kind text not null, -- none customer; email, phone, user, anonymous, device, custom
    namespace text not null, -- none customer; of user and custom ids
    mark text not null, -- pseudonymous customer; '', shared or role: never proves who someone is
    endpoint bytea not null, -- digest customer; of an address, under the suppression key
    source text not null, -- none customer
    added_at bigint not null, -- pseudonymous customer
    confirmed_at bigint not null, -- pseudonymous customer; the person showed that the address is theirs
    invalid_at bigint not null, -- pseudonymous customer; mail to it bounced for good
    origin bigint not null, -- pseudonymous customer; whose it was before a merge, or 0
    primary key (customer_id, digest),
    foreign key (customer_id) references customer (customer_id) on delete cascade
);

-- From a digest to its customers. Slot 0 is taken once, so that two writers
-- cannot make two customers of one identity; further holders of an address have
-- their own id as slot.
create table identity_lookup ( -- lookup -- lookup
    digest bytea not null, -- digest customer
    slot bigint not null, -- pseudonymous customer
    customer_id bigint not null, -- pseudonymous customer
    primary key (digest, slot)
);

create index identity_lookup_customer on identity_lookup (customer_id);

-- What is known in clear, for audiences. The charter says which column holds
-- which field. '' and the smallest bigint mean "not known".
create table trait (
    customer_id bigint not null, -- pseudonymous customer
    t1 text not null, -- pseudonymous customer
    t2 text not null, -- pseudonymous customer
    t3 text not null, -- pseudonymous customer
    t4 text not null, -- pseudonymous customer
    t5 text not null, -- pseudonymous customer
    t6 text not null, -- pseudonymous customer
    t7 text not null, -- pseudonymous customer
    t8 text not null, -- pseudonymous customer
    t9 text not null, -- pseudonymous customer
    t10 text not null, -- pseudonymous customer
    t11 text not null, -- pseudonymous customer
    t12 text not null, -- pseudonymous customer
    t13 text not null, -- pseudonymous customer
    t14 text not null, -- pseudonymous customer
    t15 text not null, -- pseudonymous customer
    t16 text not null, -- pseudonymous customer
    t17 text not null, -- pseudonymous customer
    t18 text not null, -- pseudonymous customer
    t19 text not null, -- pseudonymous customer
    t20 text not null, -- pseudonymous customer
    t21 text not null, -- pseudonymous customer
    t22 text not null, -- pseudonymous customer
    t23 text not null, -- pseudonymous customer
    t24 text not null, -- pseudonymous customer
    n1 bigint not null, -- pseudonymous customer
    n2 bigint not null, -- pseudonymous customer
    n3 bigint not null, -- pseudonymous customer
    n4 bigint not null, -- pseudonymous customer
    n5 bigint not null, -- pseudonymous customer
    n6 bigint not null, -- pseudonymous customer
    n7 bigint not null, -- pseudonymous customer
    n8 bigint not null, -- pseudonymous customer
    n9 bigint not null, -- pseudonymous customer
    n10 bigint not null, -- pseudonymous customer
    n11 bigint not null, -- pseudonymous customer
    n12 bigint not null, -- pseudonymous customer
    n13 bigint not null, -- pseudonymous customer
    n14 bigint not null, -- pseudonymous customer
    n15 bigint not null, -- pseudonymous customer
    n16 bigint not null, -- pseudonymous customer
    n17 bigint not null, -- pseudonymous customer
    n18 bigint not null, -- pseudonymous customer
    n19 bigint not null, -- pseudonymous customer
    n20 bigint not null, -- pseudonymous customer
    n21 bigint not null, -- pseudonymous customer
    n22 bigint not null, -- pseudonymous customer
    n23 bigint not null, -- pseudonymous customer
    n24 bigint not null, -- pseudonymous customer
    primary key (customer_id),
    foreign key (customer_id) references customer (customer_id) on delete cascade
);

-- What each source said of a trait; one of them is active and stands in trait.
create table trait_value (
    customer_id bigint not null, -- pseudonymous customer
    field text not null, -- none nobody
    source text not null, -- none customer
    slot text not null, -- none nobody; its column in trait
    text_value text not null, -- pseudonymous customer; of fields kept as text
    number_value bigint not null, -- pseudonymous customer; of fields kept as number
    method text not null, -- none customer
    at bigint not null, -- pseudonymous customer; when the source learnt it
    confidence bigint not null, -- none customer; 0 to 100
    active bigint not null, -- none customer; 1 for the value believed
    recorded_at bigint not null, -- pseudonymous customer
    primary key (customer_id, field, source),
    foreign key (customer_id) references customer (customer_id) on delete cascade
);

-- Facts that bear on what is allowed. Append-only.
create table fact (
    customer_id bigint not null, -- pseudonymous customer
    fact_id bigint not null, -- pseudonymous customer
    kind text not null, -- pseudonymous customer
    controller text not null, -- none customer
    purpose text not null, -- none customer
    channel text not null, -- none customer
    at bigint not null, -- pseudonymous customer
    until_at bigint not null, -- pseudonymous customer
    detail text not null, -- pseudonymous customer; small JSON object without personal values
    actor text not null, -- pseudonymous staff
    source text not null, -- none customer
    recorded_at bigint not null, -- pseudonymous customer
    origin bigint not null, -- pseudonymous customer; whose it was before a merge, or 0
    primary key (customer_id, fact_id),
    foreign key (customer_id) references customer (customer_id) on delete cascade
);

-- Endpoints never to be written to. Outlives the customer; cannot be listed by
-- address, only asked about one.
create table suppression ( -- lookup
    digest bytea not null, -- digest nobody; of the endpoint, under the suppression key
    key_id bigint not null, -- none nobody
    controller text not null, -- none nobody; '' for every one
    channel text not null, -- none nobody
    scope text not null, -- none nobody; a purpose, or '' for all marketing
    reason text not null, -- none nobody
    at bigint not null, -- none nobody
    primary key (digest, controller, channel, scope)
);

-- Keyed digests of identities of people who were erased, for as long as backups
-- last: late events and imports are refused under them.
create table grave ( -- lookup
    digest bytea not null, -- digest nobody; use Identity
    key_id bigint not null, -- none nobody
    erased_at bigint not null, -- none nobody
    until_at bigint not null, -- none nobody
    primary key (digest)
);

create index grave_over on grave (until_at);

-- What happened. dedupe is a keyed digest of the sender's message id.
create table event (
    customer_id bigint not null, -- pseudonymous customer
    dedupe bigint not null, -- digest customer
    name text not null, -- pseudonymous customer
    occurred_at bigint not null, -- pseudonymous customer
    received_at bigint not null, -- pseudonymous customer
    source_id bigint not null, -- none customer
    props text not null, -- pseudonymous customer; JSON of the declared properties
    amount bigint not null, -- pseudonymous customer; minor units, or 0
    currency text not null, -- pseudonymous customer
    family text not null, -- pseudonymous customer
    origin bigint not null, -- pseudonymous customer; whose it was before a merge, or 0
    primary key (customer_id, dedupe),
    foreign key (customer_id) references customer (customer_id) on delete cascade
);

create index event_by_name on event (customer_id, name, occurred_at);

-- Identifying and sensitive values, each sealed under its customer's key.
create table sealed_value ( -- by key
    customer_id bigint not null, -- pseudonymous customer
    field text not null, -- none nobody
    value_id bigint not null, -- pseudonymous customer
    sealed bytea not null, -- sealed customer
    source text not null, -- none customer
    method text not null, -- none customer
    at bigint not null, -- pseudonymous customer; when the source learnt it
    confidence bigint not null, -- none customer; 0 to 100
    active bigint not null, -- none customer; 1 for the value believed
    recorded_at bigint not null, -- pseudonymous customer
    primary key (customer_id, field, source),
    foreign key (customer_id) references customer (customer_id) on delete cascade
);
