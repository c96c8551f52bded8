package consent

// Words says to staff what happened.
func (k Kind) Words() string {
	return map[Kind]string{Requested: "Asked to confirm", Given: "Agreed", Refused: "Said no", Reconfirmed: "Agreed again",
		Withdrawn: "Withdrew", Objected: "Objected", Expired: "Agreement ended", Invalidated: "Agreement does not count"}[k]
}

// Words says to staff how a person acted; "" where others acted for them.
func (m Method) Words() string {
	return map[Method]string{ByForm: "on a form", ByConfirmed: "confirmed", ByPortal: "in the privacy centre", ByLink: "by a link in a message",
		ByOneClick: "with one click", BySignal: "by a signal of the browser", ByImport: "taken over", ByStaff: "told to staff", ByParent: "by a parent"}[m]
}
