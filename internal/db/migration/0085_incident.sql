-- +goose Up

-- The register of everything that went wrong with personal data, notified or
-- not. Rows are never deleted. What people wrote is sealed.
create table incident (
    incident_id bigint not null, -- none nobody
    state text not null, -- none nobody; reported, proposed, closed
    kinds text not null, -- none nobody; confidentiality, integrity, availability, joined by commas
    report text not null, -- sealed nobody; what was seen, in the reporter's words
    reporter text not null, -- sealed staff; '' when they did not want to be named
    detected_at bigint not null, -- none nobody
    aware_at bigint not null, -- none nobody; when it was certain enough, or 0
    classes text not null, -- none nobody; kinds of data, joined by commas
    cause text not null, -- sealed nobody
    effects text not null, -- sealed nobody
    measures text not null, -- sealed nobody
    decision text not null, -- none nobody; '', notified, not notified
    reasoning text not null, -- sealed nobody
    proposed_by text not null, -- none staff
    approved_by text not null, -- none staff
    closed_at bigint not null, -- none nobody
    primary key (incident_id)
);

create index incident_state on incident (state, incident_id);

-- How many people, by where they live.
create table incident_count (
    incident_id bigint not null, -- none nobody
    residence text not null, -- none nobody; a country, or other
    people bigint not null, -- none nobody
    primary key (incident_id, residence)
);

-- What was done about it, in order.
create table incident_step (
    incident_id bigint not null, -- none nobody
    step_id bigint not null, -- none nobody
    at bigint not null, -- none nobody
    act text not null, -- none nobody; reported, facts, note, proposed, approved
    actor text not null, -- none staff; '' for the report itself
    note text not null, -- sealed nobody
    primary key (incident_id, step_id)
);
