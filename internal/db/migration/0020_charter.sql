-- +goose Up

-- Every charter ever applied, as written. Rows are never changed but for the
-- moment in which a planned version comes into force.
create table charter_version (
    version bigint not null, -- none nobody
    hash text not null, -- none nobody; SHA-256 over both documents
    promise text not null, -- none nobody; charter.yaml
    house text not null, -- none nobody; house.yaml
    effective_at bigint not null, -- none nobody
    in_force_at bigint not null, -- none nobody; 0 while planned
    applied_at bigint not null, -- none nobody
    applied_by text not null, -- none staff
    floors text not null, -- none nobody; JSON: purpose to the version of its last widening
    asks text not null, -- none nobody; JSON: ask to its version and digest
    slots text not null, -- none nobody; JSON: trait column to field
    primary key (version)
);

create index charter_version_planned on charter_version (in_force_at, effective_at);

-- Which version is in force. One row.
create table charter_current (
    name text not null, -- none nobody; always 'charter'
    version bigint not null, -- none nobody; 0 before the first
    hash text not null, -- none nobody
    primary key (name)
);

-- The text of each version as people read it.
create table charter_notice (
    notice_id bigint not null, -- none nobody
    version bigint not null, -- none nobody
    lang text not null, -- none nobody
    hash text not null, -- none nobody; SHA-256 over what follows
    html text not null, -- none nobody
    body text not null, -- none nobody; plain text
    jsonld text not null, -- none nobody
    primary key (notice_id)
);

create unique index charter_notice_version on charter_notice (version, lang);
