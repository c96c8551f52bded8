-- +goose Up

-- What was last counted of the orders of all whose data a purpose may use. It
-- holds counts of many people and nothing of one.
create table insight_answer (
    controller text not null, -- none nobody
    purpose text not null, -- none nobody
    made_at bigint not null, -- none nobody
    body text not null, -- none nobody; JSON, small numbers left out
    primary key (controller, purpose)
);
