-- The whole schema, as the migrations in migration/ make it, for reading.
-- Written by "make schema"; a test holds it against them on both engines.

-- ------------------------------------------------------------
-- 0001_base.sql

-- What every table follows: one column a line; after it, as a comment, the
-- class of what it holds (none, pseudonymous, digest, sealed) and whose it is
-- (customer, staff, third, nobody). A test reads these comments.

-- Small values of the installation: its id, the schema's slot map, high marks.
create table setting (
    name text not null, -- none nobody
    value text not null, -- none nobody
    primary key (name)
);

-- Who may do a thing that only one process may do at a time.
create table lease (
    name text not null, -- none nobody
    holder text not null, -- none nobody
    fence bigint not null, -- none nobody
    until_at bigint not null, -- none nobody
    primary key (name)
);

-- ------------------------------------------------------------
-- 0010_ledger.sql

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

-- ------------------------------------------------------------
-- 0020_charter.sql

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

-- ------------------------------------------------------------
-- 0025_staff.sql

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

-- ------------------------------------------------------------
-- 0027_approval.sql

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

-- ------------------------------------------------------------
-- 0030_customer.sql

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

-- ------------------------------------------------------------
-- 0040_consent.sql

-- What people said about the use of their data. Append only; numbered and
-- chained by hash for each customer.
create table consent_record (
    customer_id bigint not null, -- pseudonymous customer
    seq bigint not null, -- none customer; 1, 2, 3 ... for each customer
    record_id bigint not null, -- pseudonymous customer
    rev bigint not null, -- none customer; the customer's revision that wrote it
    controller text not null, -- none nobody
    purpose text not null, -- pseudonymous customer
    channel text not null, -- pseudonymous customer
    recipient text not null, -- pseudonymous customer
    kind text not null, -- pseudonymous customer
    validity text not null, -- pseudonymous customer; valid, or evidence_refused
    ask text not null, -- pseudonymous customer
    charter_version bigint not null, -- none customer; of the words that were shown
    notice_id bigint not null, -- none customer
    notice_hash bytea not null, -- none customer
    lang text not null, -- pseudonymous customer; the language as shown
    method text not null, -- pseudonymous customer
    control_default text not null, -- none customer
    action text not null, -- pseudonymous customer
    evidence text not null, -- pseudonymous customer; where the proof is
    strength text not null, -- none customer
    asserted_at bigint not null, -- pseudonymous customer; as others claim
    actor text not null, -- pseudonymous customer
    source text not null, -- pseudonymous customer
    overruled text not null, -- pseudonymous customer; JSON of the signals that said otherwise and lost, or empty
    recorded_at bigint not null, -- pseudonymous customer; ours, never goes back
    entry_id bigint not null, -- none customer; in the ledger
    salt bytea not null, -- none customer; of the ledger's commitment
    prev bytea not null, -- digest customer; hash of the record before
    hash bytea not null, -- digest customer
    primary key (customer_id, seq),
    foreign key (customer_id) references customer (customer_id) on delete cascade
);
create index consent_record_by_id on consent_record (record_id);
create index consent_record_when on consent_record (purpose, recorded_at);

-- What is allowed from one instant to another if nothing more happens: derived
-- from facts, always recomputable. For questions over all customers; who asks
-- about one reads standing_whole, which is written with it, under a lock on the
-- customer: so no row needs to look whether there is one.
create table standing ( -- by key
    customer_id bigint not null, -- pseudonymous customer
    controller text not null, -- none nobody
    purpose text not null, -- none nobody
    channel text not null, -- none nobody
    recipient text not null, -- none nobody
    nth bigint not null, -- none customer; 0, 1, 2 ... for the intervals of one slot
    from_at bigint not null, -- pseudonymous customer; 0 in the first interval
    until_at bigint not null, -- pseudonymous customer
    ops bigint not null, -- pseudonymous customer; bit i is operation i
    reasons text not null, -- pseudonymous customer; code/requirement=operations denied, joined by commas
    basis text not null, -- pseudonymous customer
    rules bigint not null, -- none nobody; fingerprint of the rules it was decided under
    primary key (customer_id, controller, purpose, channel, recipient, nth)
);

-- Each customer's standing as a whole, and the law under which it was worked out
-- last.
create table standing_whole (
    customer_id bigint not null, -- pseudonymous customer
    law bigint not null, -- none nobody; fingerprint of all rules
    rev bigint not null, -- none customer
    computed_at bigint not null, -- pseudonymous customer
    packed bytea not null, -- pseudonymous customer; all intervals, with the ids of records and facts they rest on
    primary key (customer_id),
    foreign key (customer_id) references customer (customer_id) on delete cascade
);
create index standing_whole_stale on standing_whole (law, customer_id);

-- A visitor who turned out to be a customer: what they had said and what was
-- known of them, as it was, so that the joining can be undone.
create table merged (
    customer_id bigint not null, -- pseudonymous customer
    origin bigint not null, -- pseudonymous customer; the visitor
    at bigint not null, -- pseudonymous customer
    since bigint not null, -- pseudonymous customer; when the visitor was first seen
    kept text not null, -- pseudonymous customer; JSON of the visitor's records and of traits on both sides
    primary key (customer_id, origin),
    foreign key (customer_id) references customer (customer_id) on delete cascade
);

-- Recorded uses of a customer's data.
create table data_use (
    customer_id bigint not null, -- pseudonymous customer
    use_id bigint not null, -- pseudonymous customer
    controller text not null, -- none nobody
    purpose text not null, -- pseudonymous customer
    operation text not null, -- pseudonymous customer
    channel text not null, -- pseudonymous customer
    recipient text not null, -- pseudonymous customer
    fields text not null, -- pseudonymous customer; names, joined by commas
    actor text not null, -- pseudonymous customer; the program or role
    basis text not null, -- pseudonymous customer
    charter_version bigint not null, -- none nobody
    at bigint not null, -- pseudonymous customer
    primary key (customer_id, use_id),
    foreign key (customer_id) references customer (customer_id) on delete cascade
);

-- Evaluations over many customers at once: one row a run, nobody's in particular.
create table use_run (
    run_id bigint not null, -- none nobody
    controller text not null, -- none nobody
    purpose text not null, -- none nobody
    operation text not null, -- none nobody
    channel text not null, -- none nobody
    what text not null, -- none nobody; preview, members, count
    expression text not null, -- none nobody
    customers bigint not null, -- none nobody; rounded
    actor text not null, -- none staff
    at bigint not null, -- none nobody
    primary key (run_id)
);

-- ------------------------------------------------------------
-- 0050_audience.sql

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

-- ------------------------------------------------------------
-- 0055_insight.sql

-- What was last counted of the orders of all whose data a purpose may use. It
-- holds counts of many people and nothing of one.
create table insight_answer (
    controller text not null, -- none nobody
    purpose text not null, -- none nobody
    made_at bigint not null, -- none nobody
    body text not null, -- none nobody; JSON, small numbers left out
    primary key (controller, purpose)
);

-- ------------------------------------------------------------
-- 0060_message.sql

-- Messages (what was written), sends (who gets it), counters of what a person
-- got, campaigns, and the mailbox of the demo.

-- Content as people wrote it. It names fields and holds no values of anyone.
create table message (
    message_id bigint not null, -- none nobody
    controller text not null, -- none nobody
    purpose text not null, -- none nobody
    channel text not null, -- none nobody
    class text not null, -- none nobody
    sender text not null, -- none nobody; the From address, a house's own
    content text not null, -- none nobody; JSON
    content_hash bytea not null, -- none nobody
    approved_hash bytea not null, -- none nobody; empty until approved
    approved_by text not null, -- none staff; an actor, no name
    approved_at bigint not null, -- none nobody
    stopped bigint not null, -- none nobody; 1 while nothing of it may leave
    created_at bigint not null, -- none nobody
    primary key (message_id)
);

-- Templates: texts that campaigns start from. Each change is a version.
create table message_template (
    template_id bigint not null, -- none nobody
    version bigint not null, -- none nobody; from 1
    latest bigint not null, -- none nobody; 1 for the newest version
    controller text not null, -- none nobody
    name text not null, -- none nobody
    purpose text not null, -- none nobody
    content text not null, -- none nobody; JSON
    by_actor text not null, -- none staff; an actor, no name
    saved_at bigint not null, -- none nobody
    primary key (template_id, version)
);
create index message_template_latest on message_template (latest, template_id);

-- One message to one customer. Bodies are made at hand-over and never stored.
create table send (
    customer_id bigint not null, -- pseudonymous customer
    send_key bytea not null, -- digest customer
    program text not null, -- none nobody; campaign, service
    program_id bigint not null, -- none nobody
    message_id bigint not null, -- none nobody; 0 for a service mail of the engine
    controller text not null, -- none nobody
    purpose text not null, -- pseudonymous customer
    channel text not null, -- pseudonymous customer
    class text not null, -- none nobody
    lang text not null, -- pseudonymous customer; '' is the language of the customer, else of the charter
    content_hash bytea not null, -- none nobody; as approved when planned
    payload text not null, -- sealed customer; what a service mail says, emptied when it ends
    state text not null, -- pseudonymous customer
    reasons text not null, -- pseudonymous customer; codes, joined by commas
    reply bigint not null, -- none nobody; the SMTP reply
    attempt bigint not null, -- none nobody; attempts to send it
    begun bigint not null, -- none nobody; 1 once the attempt may have reached DATA
    counted bigint not null, -- none nobody; 1 once a cap has counted it
    entry bigint not null, -- none nobody; the ledger entry of the hand-over or denial
    overtaken_at bigint not null, -- pseudonymous customer; a withdrawal came while it was on its way
    too_personal bigint not null, -- pseudonymous customer; 1 when the person said that it was
    holder text not null, -- none nobody
    lease_until bigint not null, -- none nobody
    due_at bigint not null, -- none nobody
    planned_at bigint not null, -- pseudonymous customer
    handed_at bigint not null, -- pseudonymous customer
    ended_at bigint not null, -- pseudonymous customer
    mail_number bigint not null, -- digest customer; the beginning of a digest of the Message-ID, by which reports find it
    complained_at bigint not null, -- pseudonymous customer; the person called it spam
    primary key (customer_id, send_key),
    foreign key (customer_id) references customer (customer_id) on delete cascade
);
create index send_mail on send (mail_number);
create index send_due on send (state, due_at, mail_number);
create index send_program on send (program, program_id, state, due_at, mail_number);

-- How many messages of a class a customer got on a day, for caps.
create table contact_count (
    customer_id bigint not null, -- pseudonymous customer
    controller text not null, -- none nobody
    channel text not null, -- pseudonymous customer
    purpose text not null, -- pseudonymous customer; '' counts all purposes
    day bigint not null, -- pseudonymous customer; days since 1970
    n bigint not null, -- pseudonymous customer
    primary key (customer_id, controller, channel, purpose, day),
    foreign key (customer_id) references customer (customer_id) on delete cascade
);

-- How many service mails an address got in an hour. Rows go after two days.
create table service_count ( -- lookup
    endpoint bytea not null, -- digest customer; no customer is known to it
    kind text not null, -- none nobody
    hour bigint not null, -- none nobody; hours since 1970
    n bigint not null, -- none nobody
    primary key (endpoint, kind, hour)
);

create table campaign (
    campaign_id bigint not null, -- none nobody
    controller text not null, -- none nobody
    name text not null, -- none nobody
    purpose text not null, -- none nobody
    channel text not null, -- none nobody
    audience text not null, -- none nobody; a condition
    approved_audience text not null, -- none nobody; as launched
    holdout bigint not null, -- none nobody; percent left out for comparison; -1 until decided
    not_before bigint not null, -- none nobody; nothing leaves earlier; 0 for at once
    message_id bigint not null, -- none nobody
    template_id bigint not null, -- none nobody; that the text came from; 0 for none
    state text not null, -- none nobody
    reason text not null, -- none nobody; code of a pause by the engine
    rev bigint not null, -- none nobody
    planned_after bigint not null, -- none nobody; planning has passed all smaller customer ids
    planned_all bigint not null, -- none nobody; 1 when nobody is left to plan
    by_actor text not null, -- none staff; an actor, no name
    edited_by text not null, -- none staff; actors, joined by spaces
    created_at bigint not null, -- none nobody
    launched_at bigint not null, -- none nobody
    ended_at bigint not null, -- none nobody
    primary key (campaign_id)
);
create index campaign_state on campaign (state, campaign_id);
create index campaign_template on campaign (template_id, campaign_id);

-- DKIM keys that were made here, of sending domains.
create table dkim_key (
    domain text not null, -- none nobody
    selector text not null, -- none nobody
    state text not null, -- none nobody; waiting, signing or retired
    secret text not null, -- sealed nobody; the private key
    created_at bigint not null, -- none nobody
    changed_at bigint not null, -- none nobody
    primary key (domain, selector)
);

-- The demo's mailbox. What came for an address that no customer has is kept
-- under customer 0 and goes after a day.
create table mail (
    customer_id bigint not null, -- pseudonymous customer
    mail_id bigint not null, -- none nobody
    at bigint not null, -- pseudonymous customer
    size bigint not null, -- none nobody
    sealed text not null, -- sealed customer; addresses, headers and parts
    primary key (customer_id, mail_id)
);
create index mail_newest on mail (mail_id);

-- ------------------------------------------------------------
-- 0062_telling.sql

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

-- ------------------------------------------------------------
-- 0065_sharing.sql

-- Where a recipient of the charter takes data and notices. The charter promises
-- who gets what; this says how it gets there.
create table recipient (
    controller text not null, -- none nobody
    recipient text not null, -- none nobody; its name in the charter
    kind text not null, -- none nobody; webhook, or manual: a person passes notices on
    url text not null, -- none nobody; of a webhook
    owner text not null, -- none nobody; the role that answers for a manual recipient
    feeds text not null, -- none nobody; purposes whose data follow permission by themselves
    consents bigint not null, -- none nobody; 1 when it hears of consent records
    secret text not null, -- sealed nobody; signs what is sent and what it answers
    subject_key text not null, -- sealed nobody; makes its references to people
    suspended text not null, -- none nobody; the code of why nothing is given, or ''
    created_at bigint not null, -- none nobody
    actor text not null, -- none staff
    primary key (controller, recipient)
);

-- What a recipient is given and told about one customer: a disclosure each, or a
-- notice that must be acknowledged.
create table delivery (
    customer_id bigint not null, -- pseudonymous customer
    delivery_id bigint not null, -- none nobody
    controller text not null, -- none nobody
    recipient text not null, -- none nobody
    purpose text not null, -- none customer
    kind text not null, -- none customer; data, correct, stop, consent
    fields text not null, -- none customer; names
    record_id bigint not null, -- none customer; the consent record it tells of, or 0
    state text not null, -- none customer; planned, sent, acknowledged, cancelled, denied, lapsed
    code text not null, -- none customer; of the last failure, or ''
    attempts bigint not null, -- none nobody
    planned_at bigint not null, -- none customer
    due_at bigint not null, -- none nobody
    sent_at bigint not null, -- none customer; or 0
    acked_at bigint not null, -- none customer; or 0
    primary key (customer_id, delivery_id)
);

create index delivery_due on delivery (state, due_at);

create index delivery_recipient on delivery (recipient, delivery_id);

-- What a recipient must still be told of a person who was erased. The customer's
-- id is then a random number that leads to nobody here; the recipient's reference
-- is worked out from it until the recipient has confirmed.
create table erasure_notice (
    customer_id bigint not null, -- pseudonymous customer
    request_id bigint not null, -- none nobody
    delivery_id bigint not null, -- none nobody
    controller text not null, -- none nobody
    recipient text not null, -- none nobody
    state text not null, -- none nobody; planned, sent, acknowledged, lapsed
    code text not null, -- none nobody
    attempts bigint not null, -- none nobody
    planned_at bigint not null, -- none nobody
    due_at bigint not null, -- none nobody
    sent_at bigint not null, -- none nobody
    acked_at bigint not null, -- none nobody
    primary key (customer_id, request_id, recipient)
);

create index erasure_notice_due on erasure_notice (state, due_at);

create index erasure_notice_delivery on erasure_notice (delivery_id);

-- ------------------------------------------------------------
-- 0067_export.sql

-- A file with people's data that somebody took out, and by when they delete it.
create table export (
    export_id bigint not null, -- none nobody
    controller text not null, -- none nobody
    kind text not null, -- none nobody; audience, campaign, recipient
    purpose text not null, -- none nobody
    channel text not null, -- none nobody; or ''
    recipient text not null, -- none nobody; of the charter, whom it is for, or ''
    who text not null, -- none nobody; the condition that chose them, in words
    fields text not null, -- none nobody; names, joined by commas
    people bigint not null, -- none nobody
    taken_by text not null, -- none staff
    holder text not null, -- none staff; the person behind it, who deletes it
    made_at bigint not null, -- none nobody
    delete_by bigint not null, -- none nobody
    deleted_at bigint not null, -- none nobody; when somebody said so, or 0
    deleted_by text not null, -- none staff
    reminded_at bigint not null, -- none nobody; of its overdue end, or 0
    primary key (export_id)
);

create index export_open on export (deleted_at, delete_by);

-- Whom an export holds, until it is deleted.
create table export_person (
    customer_id bigint not null, -- pseudonymous customer
    export_id bigint not null, -- none customer
    reference text not null, -- pseudonymous customer; by which the file knows them
    primary key (customer_id, export_id)
);

create index export_person_export on export_person (export_id);

-- Somebody invented whom an export holds, by the digest of their address and by
-- that of their reference: whoever uses or shows either holds that export.
create table export_canary ( -- lookup
    digest bytea not null, -- digest nobody
    key_id bigint not null, -- none nobody
    export_id bigint not null, -- none nobody
    mails bigint not null, -- none nobody; that came to the address
    last_at bigint not null, -- none nobody; when the last one came, or 0
    last_from text not null, -- none nobody; the host that handed it over
    primary key (digest)
);

create index export_canary_export on export_canary (export_id);

-- What the holder of an export must still delete of a person who was erased. The
-- customer's id then leads to nobody; the reference finds the line in the file.
create table export_erasure (
    customer_id bigint not null, -- pseudonymous customer
    request_id bigint not null, -- none nobody
    export_id bigint not null, -- none nobody
    reference text not null, -- pseudonymous customer; '' once it is confirmed
    asked_at bigint not null, -- none nobody
    told_at bigint not null, -- none nobody; when the holder got the mail, or 0
    confirmed_at bigint not null, -- none nobody; or 0
    confirmed_by text not null, -- none staff
    primary key (customer_id, request_id, export_id)
);

create index export_erasure_open on export_erasure (confirmed_at, asked_at);

-- ------------------------------------------------------------
-- 0070_collect.sql

-- Where data come from: a website's, an app's or a server's key.
create table source (
    source_id bigint not null, -- none nobody
    name text not null, -- none nobody
    class text not null, -- none nobody; public, server or a kind of shop
    mode text not null, -- none nobody; live or test
    controller text not null, -- none nobody
    namespace text not null, -- none nobody; whose user ids these are, such as shop
    key_id bigint not null, -- none nobody; root key of the digest
    key_digest bytea not null, -- digest nobody; of the write key
    origins text not null, -- none nobody; JSON list of web origins
    events text not null, -- none nobody; JSON list of events taken; empty means all, for a server
    fields text not null, -- none nobody; JSON list of fields taken; empty means all, for a server
    notice_version bigint not null, -- none nobody; the notice shown where this source collects, or 0
    secret_key_id bigint not null, -- none nobody; root key that seals the secret
    secret bytea not null, -- sealed nobody; with which a shop signs its webhooks, or empty
    created_at bigint not null, -- none nobody
    revoked_at bigint not null, -- none nobody; or 0
    primary key (source_id)
);

create unique index source_key on source (key_digest);

-- What was taken, dropped and refused, by name and never by value.
create table source_count (
    source_id bigint not null, -- none nobody
    kind text not null, -- none nobody; accepted, dropped, refused, ...
    name text not null, -- none nobody; looks like an identifier, or is (other)
    n bigint not null, -- none nobody
    last_at bigint not null, -- none nobody
    primary key (source_id, kind, name)
);

-- Declared data that failed validation, kept sealed for a week for whoever
-- repairs the source.
create table quarantine (
    quarantine_id bigint not null, -- none nobody
    source_id bigint not null, -- none nobody
    received_at bigint not null, -- none nobody
    reason text not null, -- none nobody; a code
    field text not null, -- none nobody; the declared name that failed
    size bigint not null, -- none nobody; bytes
    key_id bigint not null, -- none nobody
    body bytea not null, -- sealed nobody; nobody's yet: it was stored for no customer
    primary key (quarantine_id)
);

create index quarantine_source on quarantine (source_id, quarantine_id);

create index quarantine_age on quarantine (received_at);

-- Imports of files that were run.
create table import (
    import_id bigint not null, -- none nobody
    source text not null, -- none nobody; where the file came from, as the mapping says
    actor text not null, -- none staff
    started_at bigint not null, -- none nobody
    ended_at bigint not null, -- none nobody; or 0
    outcome text not null, -- none nobody; done, or a code
    rows_read bigint not null, -- none nobody
    rows_ok bigint not null, -- none nobody
    made bigint not null, -- none nobody; customers that were not known before
    failed bigint not null, -- none nobody; rows not taken
    key_id bigint not null, -- none nobody
    content bytea not null, -- digest nobody; of the file and how it was mapped, so that the same again goes on
    done_row bigint not null, -- none nobody; the line up to which all is taken
    primary key (import_id)
);

create index import_content on import (content);

-- Lists that were handed over together, to be judged before any of them is
-- loaded. The files are uploads, kept sealed, a week at most.
create table list_audit (
    audit_id bigint not null, -- none nobody
    actor text not null, -- none staff
    state text not null, -- none nobody; open, reading, read, trying, tried, loading, loaded, stopped or expired
    terms text not null, -- none nobody; JSON: what columns are and how each class is taken
    report bytea not null, -- sealed nobody; what the lists can prove, with masked examples while the files are here
    progress bigint not null, -- none nobody; rows read so far
    code text not null, -- none nobody; why it stopped
    problem text not null, -- none nobody; the same in words
    created_at bigint not null, -- none nobody
    changed_at bigint not null, -- none nobody
    primary key (audit_id)
);

-- Files that were handed over to be imported, each with its mapping. A file is
-- kept, sealed, until it is imported, and a day at most; that of an audit a week.
create table upload (
    import_id bigint not null, -- none nobody
    audit_id bigint not null, -- none nobody; of which it is a list, or 0
    name text not null, -- none nobody; of the file of an audit, or ""
    actor text not null, -- none staff
    mapping text not null, -- none nobody; names of columns and what they are
    state text not null, -- none nobody; open, arriving, whole, checking, checked, running, done, stopped or expired
    code text not null, -- none nobody; why it stopped
    problem text not null, -- none nobody; the same in words
    report text not null, -- none nobody; JSON, counts so far
    size bigint not null, -- none nobody; bytes
    created_at bigint not null, -- none nobody
    changed_at bigint not null, -- none nobody
    primary key (import_id)
);

create index upload_age on upload (created_at);

create index upload_audit on upload (audit_id);

create table upload_part (
    import_id bigint not null, -- none nobody
    part bigint not null, -- none nobody
    body bytea not null, -- sealed nobody; nobody's yet: it was imported for no customer
    primary key (import_id, part)
);

-- Rows that were not taken: by place and reason, never by value.
create table upload_failure (
    import_id bigint not null, -- none nobody
    line bigint not null, -- none nobody
    name text not null, -- none nobody; of the column, or ""
    reason text not null, -- none nobody; a code
    primary key (import_id, line, name)
);

-- ------------------------------------------------------------
-- 0080_request.sql

-- Rights requests and how far they are. The bare facts outlive an erasure; the
-- customer's id is then a random number that leads to nobody.
create table request (
    customer_id bigint not null, -- pseudonymous customer
    request_id bigint not null, -- none nobody
    kind text not null, -- none nobody; erasure, access, objection, restriction, deceased, ownership
    state text not null, -- none nobody; working, waiting, partial, done
    purpose text not null, -- none nobody; what an objection is to, or ''
    outcome text not null, -- none nobody; how it ended, or ''
    via text not null, -- none nobody; the way it came in
    actor text not null, -- none nobody
    market text not null, -- none nobody; the rule pack its clock comes from
    received_at bigint not null, -- none nobody
    safe_due bigint not null, -- none nobody; the engine's red line
    legal_due bigint not null, -- none nobody
    target_due bigint not null, -- none nobody
    closed_at bigint not null, -- none nobody; 0 while open
    entry_id bigint not null, -- none nobody; the certificate in the ledger
    content text not null, -- none nobody; the certificate, or what was found about the case
    primary key (customer_id, request_id)
);
create index request_by_id on request (request_id);
create index request_open on request (state, safe_due);
create index request_received on request (kind, received_at);
create index request_closed on request (state, closed_at);

-- The steps of an erasure, one for each store, in the order they are done.
create table erasure_step (
    customer_id bigint not null, -- pseudonymous customer
    request_id bigint not null, -- none nobody
    step bigint not null, -- none nobody
    store text not null, -- none nobody
    removed bigint not null, -- none nobody; rows deleted
    done_at bigint not null, -- none nobody; 0 while open
    primary key (customer_id, request_id, step)
);

-- Confirmations of addresses that were asked for and not yet given (double
-- opt-in). A token is good for one press.
create table confirmation (
    customer_id bigint not null, -- pseudonymous customer
    confirmation_id bigint not null, -- none nobody
    controller text not null, -- none nobody
    purpose text not null, -- none nobody
    channel text not null, -- none nobody
    ask text not null, -- none nobody; "" when asked from the privacy centre
    lang text not null, -- none nobody
    notice_id bigint not null, -- none nobody
    asked_at bigint not null, -- none nobody
    expires_at bigint not null, -- none nobody
    used_at bigint not null, -- none nobody; 0 while unused
    parent bigint not null, -- pseudonymous customer; 1 when a parent is to press the button
    age text not null, -- pseudonymous customer; JSON of the band that was asked for, or empty
    primary key (customer_id, confirmation_id)
);
create index confirmation_open on confirmation (used_at, asked_at);

-- Codes that prove who is reading: eight digits, ten minutes, five tries.
create table step_up (
    customer_id bigint not null, -- pseudonymous customer
    challenge_id bigint not null, -- none nobody
    code bytea not null, -- digest customer
    tries bigint not null, -- none nobody
    expires_at bigint not null, -- none nobody
    used_at bigint not null, -- none nobody; 0 while unused
    primary key (customer_id, challenge_id)
);
create index step_up_expired on step_up (expires_at);

-- ------------------------------------------------------------
-- 0082_claim.sql

-- What outlives an erasure so that a legal claim can be answered: who agreed to
-- what, and that a request was answered. Found by an exact identity alone, sealed
-- under a key of its own, and deleted when claims are barred. A person with
-- several identities has a row for each.
create table claim ( -- lookup
    digest bytea not null, -- digest customer; of an identity's digest, use Claims
    request_id bigint not null, -- none nobody; the erasure it was kept at
    key_id bigint not null, -- none nobody; version of the key of digest and seal
    market text not null, -- none nobody; the rule pack that says how long
    ground text not null, -- none nobody; why it may be kept, in the words of the pack
    records bigint not null, -- none nobody; how many records of consent are in it
    made_at bigint not null, -- none nobody
    until_at bigint not null, -- none nobody; when claims are barred
    sealed bytea not null, -- sealed customer
    primary key (digest, request_id)
);

create index claim_request on claim (request_id);
create index claim_over on claim (until_at);

-- ------------------------------------------------------------
-- 0085_incident.sql

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

-- ------------------------------------------------------------
-- 0090_api.sql

-- Who may use the API. The token itself is known to its holder alone.
create table api_token (
    token_id bigint not null, -- none nobody
    digest bytea not null, -- digest nobody; keyed digest of the token
    key_id bigint not null, -- none nobody
    label text not null, -- none nobody; what it is for, as the administrator wrote it
    scopes text not null, -- none nobody; joined by commas
    networks text not null, -- none nobody; JSON: where calls may come from
    per_day bigint not null, -- none nobody; calls a day, 0 for no limit
    made_by text not null, -- none nobody; an actor
    maker text not null, -- none staff; the person at the root of made_by
    created_at bigint not null, -- none nobody
    expires_at bigint not null, -- none nobody
    used_at bigint not null, -- none nobody; last use, to the hour
    revoked_at bigint not null, -- none nobody
    primary key (token_id)
);

create unique index api_token_digest on api_token (digest);

create index api_token_maker on api_token (maker, revoked_at);

-- The code that makes the first administrator.
create table api_setup (
    name text not null, -- none nobody; always 'admin'
    digest bytea not null, -- digest nobody; keyed digest of the code
    key_id bigint not null, -- none nobody
    until_at bigint not null, -- none nobody
    used_at bigint not null, -- none nobody
    primary key (name)
);

-- Answers kept for a day, so that a request sent twice is done once.
create table api_answer (
    token_id bigint not null, -- none nobody
    idem_key bytea not null, -- digest nobody; keyed digest of the Idempotency-Key
    request bytea not null, -- digest nobody; keyed digest of the request
    status bigint not null, -- none nobody; 0 while it is being done
    content_type text not null, -- none nobody
    body text not null, -- sealed nobody
    at bigint not null, -- none nobody
    primary key (token_id, idem_key)
);

create index api_answer_at on api_answer (at);

-- ------------------------------------------------------------
-- 0095_evidence.sql

-- What the evidence of a day consists of, by its hash: what stays the same from
-- day to day is kept once.
create table evidence_part (
    hash text not null, -- none nobody; SHA-256 of the content
    content text not null, -- none staff; canonical JSON without any customer
    primary key (hash)
);

-- The evidence of each day, made once and never changed.
create table evidence_day (
    day text not null, -- none nobody; a date, such as 2026-03-01
    parts text not null, -- none nobody; JSON: name to hash
    signed text not null, -- none nobody; a signed note over the hash of the whole
    made_at bigint not null, -- none nobody
    primary key (day)
);
