package message

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Verdict says how what the DNS has compares with what it should have.
type Verdict string

// The verdicts.
const (
	RecordRight   Verdict = "right"
	RecordWeak    Verdict = "weak" // it works, and protects less than it could
	RecordWrong   Verdict = "wrong"
	RecordMissing Verdict = "missing"
	RecordUnknown Verdict = "unknown" // the DNS did not answer
)

// Record is a text record of a sending domain: what to publish, and, once the DNS
// was asked, what stands there.
type Record struct {
	Kind    string // DKIM, SPF or DMARC
	Name    string
	Want    string
	Found   []string
	Verdict Verdict // "" before the DNS was asked
	Says    string  // what is wrong and what to do
}

// LookUp gives the text records of a name. No record is an empty list, not an
// error.
type LookUp func(ctx context.Context, name string) ([]string, error)

// DKIMRecord is what to publish for a key (RFC 6376).
func DKIMRecord(s *Signer) (Record, error) {
	name, value, err := s.Record()
	return Record{Kind: "DKIM", Name: name, Want: value}, err
}

// DomainRecords are those of a domain as a whole: who may send for it (RFC 7208),
// and what others do with mail that proves nothing (RFC 7489).
func DomainRecords(domain, reports string) []Record {
	return []Record{
		{Kind: "SPF", Name: domain, Want: "v=spf1 include:<your relay's SPF domain> -all"},
		{Kind: "DMARC", Name: "_dmarc." + domain, Want: "v=DMARC1; p=quarantine; adkim=s; aspf=r; rua=mailto:" + reports},
	}
}

// Check asks the DNS about a record.
func (r Record) Check(ctx context.Context, look LookUp) Record {
	found, err := look(ctx, r.Name)
	if err != nil {
		r.Verdict, r.Says = RecordUnknown, "The DNS did not answer; try again in a moment."
		return r
	}
	switch r.Kind {
	case "DKIM":
		r.dkim(found)
	case "SPF":
		r.spf(found)
	case "DMARC":
		r.dmarc(ctx, found, look)
	}
	return r
}

// tagsOf reads "v=DKIM1; k=rsa; p=...". Spaces within a value do not count.
func tagsOf(text string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(part, "=")
		out[strings.ToLower(strings.TrimSpace(name))] = strings.Join(strings.Fields(value), "")
	}
	return out
}

func (r *Record) dkim(found []string) {
	want := tagsOf(r.Want)
	for _, text := range found {
		tags := tagsOf(text)
		p, has := tags["p"]
		if !has {
			continue
		}
		r.Found = append(r.Found, text)
		switch {
		case p == want["p"]:
			r.Verdict, r.Says = RecordRight, ""
		case r.Verdict == RecordRight:
		case p == "":
			r.Verdict, r.Says = RecordWrong, "The record says that this key is revoked. Publish the value shown."
		default:
			r.Verdict, r.Says = RecordWrong, "Another key stands there, so receivers find every signature broken. Publish the value shown."
		}
	}
	switch {
	case r.Verdict == "":
		r.Verdict, r.Says = RecordMissing, "Publish it; receivers cannot verify any signature before."
	case len(r.Found) > 1:
		r.Verdict, r.Says = RecordWrong, "There are two keys under one selector; receivers may take either. Leave the value shown alone."
	}
}

func (r *Record) spf(found []string) {
	for _, text := range found {
		if word, _, _ := strings.Cut(text, " "); strings.EqualFold(word, "v=spf1") {
			r.Found = append(r.Found, text)
		}
	}
	if len(r.Found) == 0 {
		r.Verdict, r.Says = RecordMissing, "Publish one that names your relay; its operator says which include to use."
		return
	}
	if len(r.Found) > 1 {
		r.Verdict, r.Says = RecordWrong, fmt.Sprintf("There are %d SPF records; receivers then take none. Join them into one.", len(r.Found))
		return
	}
	words := strings.Fields(strings.ToLower(r.Found[0]))
	asks, end := 0, ""
	for _, w := range words {
		bare := strings.TrimLeft(w, "+-~?")
		for _, m := range []string{"include:", "exists:", "redirect=", "a:", "mx:", "ptr:"} {
			if strings.HasPrefix(bare, m) {
				asks++
			}
		}
		if bare == "a" || bare == "mx" || bare == "ptr" {
			asks++
		}
		if bare == "all" || strings.HasPrefix(bare, "redirect=") {
			end = w
		}
	}
	switch {
	case asks > 10:
		r.Verdict, r.Says = RecordWrong, "It needs more than ten look-ups, after which receivers give up. Remove includes that no longer send."
	case end == "all" || end == "+all":
		r.Verdict, r.Says = RecordWrong, "“+all” lets everybody send for you. End with “-all”."
	case end == "" || end == "?all":
		r.Verdict, r.Says = RecordWeak, "It does not say what to do with other senders. End with “-all”."
	default:
		r.Verdict = RecordRight
	}
}

func (r *Record) dmarc(ctx context.Context, found []string, look LookUp) {
	domain := strings.TrimPrefix(r.Name, "_dmarc.")
	r.Found = dmarcOf(found)
	from := ""
	if organisation, err := publicsuffix.EffectiveTLDPlusOne(domain); len(r.Found) == 0 && err == nil && organisation != domain {
		above, err := look(ctx, "_dmarc."+organisation)
		if err != nil {
			r.Verdict, r.Says = RecordUnknown, "The DNS did not answer; try again in a moment."
			return
		}
		r.Found, from = dmarcOf(above), organisation
	}
	if len(r.Found) == 0 {
		r.Verdict, r.Says = RecordMissing, "Publish one; large receivers ask for it of everybody who sends in bulk."
		return
	}
	if len(r.Found) > 1 {
		r.Verdict, r.Says = RecordWrong, "There are several; receivers then take none. Leave one."
		return
	}
	tags := tagsOf(r.Found[0])
	policy := strings.ToLower(tags["p"])
	if sub := tags["sp"]; from != "" && sub != "" {
		policy = strings.ToLower(sub)
	}
	switch policy {
	case "quarantine", "reject":
		r.Verdict = RecordRight
		if from != "" {
			r.Says = "That of " + from + " holds here, too."
		}
	case "none":
		r.Verdict, r.Says = RecordWeak, "“p=none” only watches. Read its reports for some weeks, then say “quarantine”."
	default:
		r.Verdict, r.Says = RecordWrong, "It has no policy: say p=quarantine."
	}
}

func dmarcOf(found []string) (out []string) {
	for _, text := range found {
		if strings.EqualFold(tagsOf(text)["v"], "DMARC1") {
			out = append(out, text)
		}
	}
	return out
}
