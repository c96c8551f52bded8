package browsertest_test

import (
	"testing"

	"candor/internal/browsertest"
	"candor/internal/db/dbtest"
	"candor/internal/lint"
	"candor/internal/message"
	"candor/internal/term"
)

// steps counts what a person does: pages opened from a mail, boxes ticked,
// buttons pressed. Typing an address is part of the button.
type steps struct {
	*browsertest.Tab
	n int
}

func (s *steps) open(url string)       { s.n++; s.Tab.Open(url) }
func (s *steps) tick(selector string)  { s.n++; s.Press(selector) }
func (s *steps) press(selector string) { s.n++; s.Go(selector) }

// The steps of the real form and of the real ways out, counted as they are
// taken: leaving takes no more of them than joining, asks no password and no
// reason, and the rules on deceptive patterns find nothing (CON-06, LNT-09).
func TestTheWayOutIsNoLongerThanTheWayIn(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		s := open(t, place, 0)
		in := &steps{Tab: browsertest.New(t)}
		in.Open(s.url + "/f/signup")
		found := lint.CheckPage(lint.Page{Kind: lint.ConsentPage, Controls: in.Controls()})
		for _, f := range found {
			t.Errorf("the form: %s %s", f.ID, f.Message)
		}
		in.Fill("#email", "ada@post.example")
		in.tick("#agree")
		in.press("main form button")
		in.open(s.mail("ada@post.example", about("confirm")).Links[0])
		in.press("main form button")
		in.Sees("h1", "Confirmed")
		ada := s.customer("ada@post.example")

		link := message.Link{Scope: message.Unsubscribe, Customer: ada, Controller: "halm", Purpose: "letter", Channel: term.Email}
		ways := map[string]func(out *steps){
			"unsubscribe": func(out *steps) {
				out.open(s.url + "/u/" + link.Seal(s.Ring))
				out.press("main form button")
				out.Sees("h1", "Stopped")
			},
			"choices": func(out *steps) {
				c := link
				c.Scope = message.Choices
				out.open(s.url + "/privacy/c/" + c.Seal(s.Ring))
				out.press("li[data-state=on] .setting-head button, li[data-state=off] .setting-head button")
				out.Sees("main", "Saved")
			},
			"stop everything": func(out *steps) {
				c := link
				c.Scope = message.Choices
				out.open(s.url + "/privacy/c/" + c.Seal(s.Ring))
				out.press("form[action$='/stop'] button")
				out.Sees("main", "Everything is stopped")
			},
		}
		for _, name := range []string{"choices", "unsubscribe", "stop everything"} {
			out := &steps{Tab: browsertest.New(t)} // a fresh profile: no login, no cookie
			ways[name](out)
			page := lint.Page{Kind: lint.CancelPage, StepsGive: in.n, StepsWithdraw: out.n, NeedsLogin: out.Count("input[type=password], textarea[required]") > 0}
			for _, f := range lint.CheckPage(page) {
				t.Errorf("%s: %s %s", name, f.ID, f.Message)
			}
			t.Logf("joining takes %d steps, %s %d", in.n, name, out.n)
		}
	})
}
