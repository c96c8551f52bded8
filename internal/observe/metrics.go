package observe

// The closed sets of labels. A test of the wiring holds those that other packages
// declare against theirs.
var (
	byArea      = Label{"area", []string{"api", "assets", "collect", "demo", "privacy", "probe", "staff", "unknown"}}
	byStatus    = Label{"status", []string{"2xx", "3xx", "4xx", "429", "5xx"}}
	byWork      = Label{"work", []string{"read", "write"}}
	byOutcome   = Label{"outcome", []string{"done", "failed", "given_up"}}
	byOperation = Label{"operation", []string{"store", "serve", "use", "share", "rights", "claims", "safety"}}
	byAnswer    = Label{"answer", []string{"allow", "deny"}}
	byAct       = Label{"kind", []string{"requested", "given", "refused", "reconfirmed", "withdrawn", "objected", "expired", "invalidated"}}
	byClass     = Label{"class", []string{"marketing", "service"}}
	byState     = Label{"state", []string{"accepted", "refused", "uncertain", "planned", "denied"}}
	byTaken     = Label{"kind", []string{"accepted", "duplicate", "quarantined", "refused", "test", "dropped", "dropped_event", "scanned", "refused_id", "noted", "nothing_left"}}
	bySignIn    = Label{"outcome", []string{"opened", "failed", "refused"}}
	byLoop      = Label{"loop", []string{"bounces", "collect", "garbage", "index", "index check", "jobs", "journal", "ledger", "mailbox", "outbox", "sender", "witnesses"}}
)

// What is counted where it happens.
var (
	Requests = histogram("candor_http_request_seconds", "Time from a request's first line to the end of its answer, in seconds.",
		"5xx above zero, or the 99th percentile of an area above a second", seconds, byArea, byStatus)
	Transactions = histogram("candor_db_transaction_seconds", "Time of a database transaction with its wait, in seconds; a write ends when it is on disk.",
		"writes above 0.5 s: the disk or a lock is slow", seconds, byWork)
	FailedTransactions = counter("candor_db_failures_total", "Transactions that failed because the database could not do them, not because of what was asked.",
		"any: the log says which", byWork)
	Jobs = counter("candor_jobs_total", "Attempts of background jobs by how they ended.",
		"given_up above zero: the work was not done and will not be tried again by itself", byOutcome)
	Decisions = counter("candor_decisions_total", "Answers of the gate, by operation.",
		"a jump of deny after a new charter", byOperation, byAnswer)
	Consents = counter("candor_consent_records_total", "Consent records written, by what happened.",
		"a jump of withdrawn or objected after a campaign", byAct)
	Mails = counter("candor_mails_total", "Mails by what became of them; planned is put off by the relay and tried again, denied was stopped by the last check.",
		"refused or uncertain: the relay is in trouble", byClass, byState)
	Collected = counter("candor_collected_total", "Messages and properties that arrived, by what was done with them.",
		"quarantined, refused, scanned: a source sends what it should not", byTaken)
	SignIns = counter("candor_staff_sign_ins_total", "Sign-ins of staff by how they ended; refused is an act that a role does not allow.",
		"many failed: somebody guesses", bySignIn)
	Panics = counter("candor_panics_total", "Requests that ended in a panic of the program.",
		"any: the log has the place, with the incident's number")
	Stopped = counter("candor_loops_stopped_total", "Background work that ended while the server ran.",
		"any: restart the server and report it", byLoop)
)

// What is looked at when the numbers are asked for.
var (
	Ready          = gauge("candor_ready", "1 while database, charter and ledger are well and decisions are made, else 0.", "0")
	Started        = gauge("candor_start_time_seconds", "When this process opened its database, in seconds since 1970.", "it changes without a deployment: the process crashed")
	LedgerSize     = gauge("candor_ledger_entries", "Entries of the ledger with a number.", "")
	LedgerWaiting  = gauge("candor_ledger_waiting", "Entries that wait for their number and proof, counted to 100,000.", "above 10,000, or above zero for a minute: nobody sequences")
	LedgerWell     = gauge("candor_ledger_well", "1 while the ledger signs; 0 stops sending and new permissions.", "0")
	CheckpointAge  = gauge("candor_ledger_checkpoint_age_seconds", "Age of the newest signed checkpoint, in seconds; without new entries it grows.", "above 60 while candor_ledger_waiting is above zero")
	JobsDue        = gauge("candor_jobs_due", "Background jobs whose time has come and that nobody has begun, counted to 100,000.", "it grows for minutes")
	JobsDead       = gauge("candor_jobs_given_up", "Background jobs that were given up and wait for somebody.", "above zero")
	JobsLate       = gauge("candor_jobs_oldest_due_seconds", "How long the oldest due job has waited, in seconds.", "above 300")
	MailsDue       = gauge("candor_mails_due", "Mails whose time has come and that have not been handed over, counted to 100,000.", "it grows while nothing is sent")
	RequestsOpen   = gauge("candor_requests_open", "Requests of persons that are not done.", "")
	RequestsLate   = gauge("candor_requests_late", "Open requests past their red line, which stands before the law's.", "above zero: a deadline of the law is near")
	IndexReady     = gauge("candor_index_ready", "1 while the audience index answers; 0 while SQL does.", "0 for longer than reading it takes")
	IndexCustomers = gauge("candor_index_customers", "Customers in the audience index.", "")
	IndexAge       = gauge("candor_index_age_seconds", "How long ago the audience index was last in line with the database, in seconds.", "above 10")
	IndexDifferent = gauge("candor_index_different", "Customers of a sample whom the audience index held otherwise than the database when it was last compared, within the hour.", "above zero: a count may be wrong; restart the server and report it")
	BackupAge      = gauge("candor_backup_age_seconds", "Age of the newest backup in the folder that the configuration names, in seconds; -1 when there is none.", "above 90,000 (25 hours)")
	DiskFree       = gauge("candor_disk_free_bytes", "What the disk under the data has left, in bytes; -1 when it cannot be seen.", "below 2,147,483,648 (2 GB)")
)
