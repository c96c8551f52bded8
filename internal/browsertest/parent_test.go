package browsertest_test

import (
	"bytes"
	"testing"

	"candor/internal/browsertest"
	"candor/internal/charter"
	"candor/internal/charter/sample"
	"candor/internal/term"
)

// A young person signs up where all ages are addressed, names a parent, and the
// parent decides and takes it back: every page without script.
func TestFromAYoungPersonToTheirParent(t *testing.T) {
	s := onSQLite(t, 0)
	promise, house := sample.Documents()
	c, problems := charter.Parse(bytes.Replace(promise, []byte("people: adults "), []byte("people: all ages "), 1), house)
	if err := problems.Err(); err != nil {
		t.Fatal(problems)
	}
	if _, err := s.ApplyCharter(t.Context(), c, term.ByEngine); err != nil {
		t.Fatal(err)
	}
	tab := browsertest.New(t)
	tab.Open(s.url + "/f/signup")
	look(t, tab, "form-age")
	tab.Fill("#email", "young@post.example")
	tab.Fill("#age", "12")
	tab.Press("#agree")
	tab.Go("main form button")
	tab.Open(s.mail("young@post.example", about("confirm")).Links[0])
	tab.Go("main form button")
	tab.Sees("h1", "A parent has to agree too")
	look(t, tab, "ask-parent")
	tab.Fill("#email", "parent@post.example")
	tab.Go("main form button")
	tab.Sees("h1", "We have asked")
	m := s.mail("parent@post.example", about("permission"))
	s.photograph(tab, m, "mail-parent", true)
	tab.Open(m.Links[0])
	tab.Sees("main", "Yes, send me the coffee letter")
	look(t, tab, "parent")
	tab.Go("button[value=yes]")
	tab.Sees("h1", "You agreed")
	tab.Open(m.Links[0])
	look(t, tab, "parent-agreed")
	tab.Go("button[value=stop]")
	tab.Sees("h1", "Taken back")
}
