-- +goose Up

-- Saved conditions.
create table segment (
    segment_id bigint not null, -- none nobody
    name text not null, -- none nobody
    purpose text not null, -- none nobody
    expression text not null, -- none nobody; checked, holds no personal data
    author text not null, -- pseudonymous staff
    created_at bigint not null, -- none nobody
    primary key (segment_id)
);

create unique index segment_name on segment (name);

-- What was previewed lately and by whom, so that nobody learns of one person by
-- comparing two almost equal audiences.
create table audience_preview (
    preview_id bigint not null, -- none nobody
    actor text not null, -- pseudonymous staff
    purpose text not null, -- none nobody
    expression text not null, -- none nobody
    at bigint not null, -- pseudonymous staff
    primary key (preview_id)
);

create index audience_preview_actor on audience_preview (actor, at);
