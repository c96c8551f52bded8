-- +goose Up

-- People who work here. Name and address are sealed; a password is kept as its
-- Argon2id digest, the authenticator's secret sealed.
create table staff (
    staff_id bigint not null, -- pseudonymous staff
    name text not null, -- sealed staff
    email text not null, -- sealed staff
    password text not null, -- digest staff; '' until it is chosen
    authenticator text not null, -- sealed staff; '' until one is enrolled
    last_step bigint not null, -- none staff; the last time step whose code was used
    committed_at bigint not null, -- none staff; when confidentiality was promised, or 0
    commitment_id bigint not null, -- none staff; the ledger's entry of it
    promised text not null, -- none staff; version of the words they promised, or ''
    added_by text not null, -- none staff
    added_at bigint not null, -- none staff
    left_at bigint not null, -- none staff; 0 while they work here
    primary key (staff_id)
);

-- Finds a member of staff by address.
create table staff_address ( -- lookup
    digest bytea not null, -- digest staff; keyed digest of the address
    key_id bigint not null, -- none nobody
    staff_id bigint not null, -- pseudonymous staff
    primary key (digest)
);

-- Which roles somebody holds, for which brand.
create table staff_role (
    staff_id bigint not null, -- pseudonymous staff
    controller text not null, -- none staff
    role text not null, -- none staff; of house.yaml, or administrator
    given_by text not null, -- none staff
    given_at bigint not null, -- none staff
    confirmed_at bigint not null, -- none staff; last recertification
    primary key (staff_id, controller, role)
);

-- Codes for the day the authenticator is lost.
create table staff_recovery (
    staff_id bigint not null, -- pseudonymous staff
    digest bytea not null, -- digest staff; keyed digest of the code
    key_id bigint not null, -- none nobody
    used_at bigint not null, -- none staff; 0 while it is good
    primary key (staff_id, digest)
);

-- Passkeys: keys on somebody's devices or in their password manager. What is kept
-- is the public half.
create table staff_passkey (
    passkey_id bigint not null, -- none staff
    staff_id bigint not null, -- pseudonymous staff
    digest bytea not null, -- digest staff; keyed digest of the credential's id
    key_id bigint not null, -- none nobody
    name text not null, -- sealed staff; what its holder calls it
    credential text not null, -- sealed staff; id, public key and counter
    added_at bigint not null, -- none staff
    used_at bigint not null, -- none staff; 0 until it is used
    primary key (passkey_id)
);

create unique index staff_passkey_digest on staff_passkey (digest);

create index staff_passkey_of on staff_passkey (staff_id, passkey_id);

-- Who somebody is at the provider of single sign-on.
create table staff_subject ( -- lookup
    digest bytea not null, -- digest staff; keyed digest of issuer and subject
    key_id bigint not null, -- none nobody
    staff_id bigint not null, -- pseudonymous staff
    since_at bigint not null, -- none staff
    primary key (digest)
);

create index staff_subject_of on staff_subject (staff_id);

-- Links that let somebody choose a password: an invitation, or a fresh start.
create table staff_invitation (
    digest bytea not null, -- digest nobody; keyed digest of the link's secret
    key_id bigint not null, -- none nobody
    staff_id bigint not null, -- pseudonymous staff
    until_at bigint not null, -- none staff
    used_at bigint not null, -- none staff; 0 while it is good
    primary key (digest)
);

create index staff_invitation_of on staff_invitation (staff_id);

-- Who is signed in, and where. A session is found by the digest of its secret.
create table staff_session (
    session_id bigint not null, -- none staff
    staff_id bigint not null, -- pseudonymous staff
    digest bytea not null, -- digest staff; keyed digest of the cookie
    key_id bigint not null, -- none nobody
    device text not null, -- pseudonymous staff; browser and system in words
    factor text not null, -- none staff; how the second factor was shown
    sign_on text not null, -- digest staff; keyed digest of the provider's session that opened it, or ''
    opened_at bigint not null, -- none staff
    seen_at bigint not null, -- none staff; to the minute
    proven_at bigint not null, -- none staff; when a factor was last shown
    ended_at bigint not null, -- none staff; 0 while it is open
    primary key (session_id)
);

create unique index staff_session_digest on staff_session (digest);

create index staff_session_sign_on on staff_session (sign_on);

create index staff_session_of on staff_session (staff_id, ended_at, session_id);

-- Who wants a mail on Mondays with what their first page says.
create table staff_weekly (
    staff_id bigint not null, -- pseudonymous staff
    last_at bigint not null, -- none staff; when the last one left, or when they asked for it
    primary key (staff_id)
);

-- When somebody looked for a customer, within the last hour.
create table staff_look (
    staff_id bigint not null, -- pseudonymous staff
    look_id bigint not null, -- none staff
    at bigint not null, -- none staff
    primary key (staff_id, look_id)
);

-- Accesses to customers without a case, of which a sample is asked about each week.
create table staff_access (
    access_id bigint not null, -- none staff
    staff_id bigint not null, -- pseudonymous staff; who looked
    entry_id bigint not null, -- none staff; the ledger's entry of the look
    purpose text not null, -- none staff; the purpose they stated
    at bigint not null, -- none staff; when they looked
    asked_at bigint not null, -- none staff
    answer text not null, -- sealed staff; what it was for, or ''
    answered_at bigint not null, -- none staff; 0 while it is open
    judged_by text not null, -- none staff; '' until somebody has
    judged_at bigint not null, -- none staff; 0 until then
    fine bigint not null, -- none staff; 1 when it was in order
    primary key (access_id)
);

create unique index staff_access_entry on staff_access (entry_id);

create index staff_access_of on staff_access (staff_id, asked_at);

create index staff_access_open on staff_access (judged_at, access_id);

-- How often somebody tried and failed: by account and by network.
create table staff_try (
    digest bytea not null, -- digest staff; keyed digest of what is limited
    since_at bigint not null, -- none staff
    tries bigint not null, -- none staff
    primary key (digest)
);
