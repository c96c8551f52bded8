-- +goose Up
-- Runs that tell people what they must be told. Whom they reached is among the
-- messages, and what each was told among their facts.
create table telling (
    begun_at bigint not null, -- none nobody
    version bigint not null, -- none nobody; of the charter whose notice is sent
    sends bigint not null, -- none nobody; 0 when it only counts
    after_customer bigint not null, -- none nobody; it has passed all smaller customer ids
    owed bigint not null, -- none nobody; people who must be told
    mute bigint not null, -- none nobody; of them, how many have no address that takes mail
    by_actor text not null, -- none staff; an actor, no name
    ended_at bigint not null, -- none nobody; 0 while it runs
    primary key (begun_at)
);
