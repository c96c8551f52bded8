-- +goose Up

-- What needs two people: who asked to do what exactly, and who approved it.
create table approval (
    approval_id bigint not null, -- none staff
    kind text not null, -- none nobody
    hash bytea not null, -- digest nobody; of exactly what is to be done
    says text not null, -- sealed nobody; the same in words, for whoever approves; goes with the row
    by_actor text not null, -- none staff; who wants to do it
    root text not null, -- none staff; the person, or the set-up, behind by_actor
    makers text not null, -- none staff; JSON: who made what is to be done, and so cannot approve it
    asked_at bigint not null, -- none nobody
    decided_by text not null, -- none staff; '' while it waits
    decided_at bigint not null, -- none nobody
    refused bigint not null, -- none nobody; 1 when the answer is no
    officer bigint not null, -- none staff; 1 when the data protection officer gave it
    overrules bigint not null, -- none nobody; the officer's refusal of the same that this goes against, or 0
    reason text not null, -- sealed nobody; why, or ''
    told_by text not null, -- none staff; who of the management took note of it, or ''
    told_at bigint not null, -- none nobody; when, or 0
    used_at bigint not null, -- none nobody; when it was done, or 0
    primary key (approval_id)
);

create index approval_of on approval (hash, root);
