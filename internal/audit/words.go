package audit

// classWords say what each part is, what it means and what to do about it.
var classWords = map[Class]Part{
	Provable:   {Title: "Provable", Means: "The files say when, where and how they agreed, and that they confirmed the address.", Fix: "Keep the evidence: import them with these columns, so that each consent has its record."},
	Attested:   {Title: "Attested", Means: "A tool says when or how, but there is no confirmation, or not where.", Fix: "Find the form and the words of that time and import them with it; ask for a confirmation in the next welcome mail."},
	BySale:     {Title: "By sale only", Means: "No evidence that they agreed; they bought something.", Fix: "Where the law of their market allows it, write about similar goods only, with a way to object in every mail; else ask at the next order."},
	Unproven:   {Title: "Not provable", Means: "A tool has them as subscribed. Nothing says when, where or how.", Fix: "Stop writing to them. Ask again on your website, at the till or in order mails; what no one confirms is deleted."},
	Suppressed: {Title: "Suppressed elsewhere", Means: "One tool has them as subscribed, another as unsubscribed, bounced or complained.", Fix: "Suppress them in every tool today, before the next campaign."},
	Gone:       {Title: "Suppressed everywhere", Means: "They left, complained, or nothing arrives there. No tool writes to them.", Fix: "Keep the suppression for good, as a digest, and delete the rest."},
	Waiting:    {Title: "Waiting for confirmation", Means: "They signed up and never pressed the link.", Fix: "Do not write to them. Delete those older than a month."},
	Bought:     {Title: "Bought, not subscribed", Means: "Customers whom no tool has as subscribed.", Fix: "Ask them at the next order. Some markets allow mail about similar goods after a sale."},
	Silent:     {Title: "Not subscribed", Means: "Contacts without a yes and without an order.", Fix: "Find out why you keep them; without a reason, delete them."},
}

func classPart(c Class, n int64) Part {
	p := classWords[c]
	p.Class, p.Count = c, n
	return p
}

// findingWords say what each finding is, what it means and what to do about it.
var findingWords = map[Kind]Finding{
	Conflict: {
		Title: "Suppressed in one tool, subscribed in another", Urgent: true,
		Means: "They said stop, or mail to them fails, and the other tool does not know. The next campaign reaches them all the same.",
		Fix:   "Upload each tool's unsubscribed and bounced addresses as suppressions to the others, before anything is sent. Then let one system decide.",
	},
	Imported: {
		Title: "Consents that share one date", Urgent: true,
		Means: "So many people do not sign up on one day: this is the date of an import, not of a consent.",
		Fix:   "Look in the system before that for the real dates. Until they are found, treat these as not provable.",
	},
	Disagreement: {
		Title: "Subscribed in one tool, not in another",
		Means: "The tools differ about a yes. The one without it may hold a refusal, or may never have been told.",
		Fix:   "Take the later of the two where both have a date, and the no where they have none.",
	},
	Roles: {
		Title: "Role addresses",
		Means: "info@, office@ and the like are read by several people. One person's yes does not speak for the others, and nobody can be identified by it.",
		Fix:   "Ask who reads them and move the consent to that person's own address, or leave them out.",
	},
	Duplicates: {
		Title: "The same address more than once in a file",
		Means: "Spelling aside, these rows are one address. Each may carry another status.",
		Fix:   "Merge the rows; the most protective status counts.",
	},
	Future: {
		Title: "Times that are yet to come", Urgent: true,
		Means: "Nobody agreed tomorrow. The evidence of these rows was not counted.",
		Fix:   "Check the column's date form and time zone, or who wrote the value.",
	},
	BadTime: {
		Title: "Times that cannot be read",
		Means: "A date that says nothing proves nothing.",
		Fix:   "Export again with dates such as 2026-03-14 09:30.",
	},
	BadAddress: {
		Title: "Not an e-mail address",
		Means: "These rows cannot be written to.",
		Fix:   "Correct or delete them where they come from.",
	},
	NoAddress: {
		Title: "Rows without an e-mail address",
		Means: "Known by a phone number or an id only. This audit is about e-mail and leaves them out.",
		Fix:   "Nothing to do for e-mail.",
	},
	BadRow: {
		Title: "Rows that cannot be read",
		Means: "The line breaks the rules of CSV.",
		Fix:   "Export again, without opening the file in a spreadsheet in between.",
	},
}
