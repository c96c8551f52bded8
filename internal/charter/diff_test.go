package charter_test

import (
	"slices"
	"testing"

	"candor/internal/charter"
	"candor/internal/charter/sample"
)

// TestDiffNamesWhatChanges: each edit of the sample is one change, told in
// words, and its way back is the opposite.
func TestDiffNamesWhatChanges(t *testing.T) {
	for _, v := range []struct {
		kind        charter.WideningKind
		old, new    string
		there, back string
		follows     []charter.Follow
		oneWay      bool // neither is wider than the other: both are told as widening
	}{
		{kind: charter.NewField, old: "      roast: beans you like\n", new: "      roast: beans you like\n      name: to greet you\n",
			there: "Coffee letter: also uses Name", back: "Coffee letter: no longer uses Name", follows: []charter.Follow{charter.ReNotice, charter.ReConsent}},
		{kind: charter.NewRecipient, old: "gets: {orders: [name, address]}", new: "gets: {orders: [name, address], letter: [country]}",
			there: "Coffee letter: data also go to Nordpaket AG (Germany)", back: "Coffee letter: data no longer go to Nordpaket AG (Germany)",
			follows: []charter.Follow{charter.ReNotice, charter.ReConsent, charter.Review}},
		{kind: charter.MoreGiven, old: "gets: {letter: [email], orders", new: "gets: {letter: [email, country], orders",
			there: "Coffee letter: Mailhaus Inc (United States) gets more data", back: "Coffee letter: Mailhaus Inc (United States) gets less data",
			follows: []charter.Follow{charter.ReNotice, charter.ReConsent}},
		{kind: charter.LongerKeep, old: "keep: 24 months after last contact", new: "keep: 25 months after last contact",
			there: "Coffee letter: now kept 25 months after we last heard from you", back: "Coffee letter: now kept only 24 months after we last heard from you",
			follows: []charter.Follow{charter.ReNotice, charter.ReConsent}},
		{kind: charter.NewChannel, old: "after a sale of coffee}   # may we write", new: "after a sale of coffee}\n    push: opt-in",
			there: "Coffee letter: also by push message", back: "Coffee letter: no longer by push message", follows: []charter.Follow{charter.ReNotice, charter.ReConsent}},
		{kind: charter.OtherBasis, old: "      default: consent\n", new: "      default: consent\n      US-CA: contract\n", oneWay: true,
			there: "Coffee letter: now rests on our contract with you (GDPR Art. 6(1)(b))", back: "Coffee letter: now rests on your consent (GDPR Art. 6(1)(a))",
			follows: []charter.Follow{charter.ReNotice, charter.ReConsent, charter.Review}},
		{kind: charter.LaxerLaw, old: "people: adults ", new: "people: adults\n  law: strict ", there: "Coffee letter: the strictest rule of all applies everywhere",
			back: "Coffee letter: each market's own law applies, no longer the strictest of all"},
	} {
		before, after := sample.Halm(), good(t, v.old, v.new)
		if v.kind == charter.LaxerLaw {
			before, after, v.there, v.back = after, before, v.back, v.there
			v.follows = []charter.Follow{charter.ReNotice, charter.ReConsent, charter.Review}
		}
		there, back := ofLetter(charter.Diff(before, after)), ofLetter(charter.Diff(after, before))
		if len(there) != 1 || there[0].Kind != v.kind || !there[0].Widens || !slices.Equal(there[0].Follows, v.follows) || there[0].Words["en"] != v.there {
			t.Errorf("%s: %+v", v.kind, there)
		}
		if len(back) != 1 || back[0].Kind != v.kind || back[0].Widens != v.oneWay || back[0].Words["en"] != v.back || back[0].Words["de"] == "" {
			t.Errorf("%s, taken back: %+v", v.kind, back)
		}
	}
	if d := charter.Diff(sample.Halm(), sample.Halm()); len(d) != 0 {
		t.Errorf("the same charter differs: %+v", d)
	}
	first := charter.Diff(nil, sample.Halm())
	if len(first) != 3 || first[0].Kind != charter.NewPurpose || first[0].Words["de"] != "Neuer Zweck: Ihre Bestellungen liefern" {
		t.Errorf("the first charter: %+v", first)
	}
	for _, c := range charter.Diff(sample.Halm(), good(t, "Yes, send me the coffee letter", "Yes, send the coffee letter")) {
		t.Errorf("other words are no change of the promise: %+v", c)
	}
}

func ofLetter(list []charter.Change) []charter.Change {
	return slices.DeleteFunc(list, func(c charter.Change) bool { return c.Purpose != "letter" })
}
