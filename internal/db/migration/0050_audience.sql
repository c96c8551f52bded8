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

create index audience_preview_at on audience_preview (at);

-- In which stage of their life with the business each customer is for a purpose,
-- as the last daily run found them.
create table stage_member (
    customer_id bigint not null, -- pseudonymous customer
    controller text not null, -- none customer
    purpose text not null, -- none customer
    stage text not null, -- pseudonymous customer; '' when no rule holds
    since bigint not null, -- pseudonymous customer; the day's number, 0 before the first run
    primary key (customer_id, controller, purpose)
);

-- When the daily run saw a purpose's stages first and last, as days' numbers.
create table stage_run (
    controller text not null, -- none nobody
    purpose text not null, -- none nobody
    first_day bigint not null, -- none nobody
    last_day bigint not null, -- none nobody
    primary key (controller, purpose)
);

-- How many went from one stage to another on a day. Counts of many, kept 400 days.
create table stage_move (
    controller text not null, -- none nobody
    purpose text not null, -- none nobody
    day bigint not null, -- none nobody
    came_from text not null, -- none nobody; '-' for outside
    went_to text not null, -- none nobody; '-' for outside
    people bigint not null, -- none nobody
    primary key (controller, purpose, day, came_from, went_to)
);

-- How many were in a stage on a day, by how long they had been. Kept 400 days.
create table stage_count (
    controller text not null, -- none nobody
    purpose text not null, -- none nobody
    day bigint not null, -- none nobody
    stage text not null, -- none nobody
    band bigint not null, -- none nobody; the audience package's bands of time
    people bigint not null, -- none nobody
    primary key (controller, purpose, day, stage, band)
);
