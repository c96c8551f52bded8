package tour

import (
	"fmt"
	"net/http"
	"strings"

	"candor/internal/charter"
	"candor/internal/db"
	"candor/internal/gate"
	"candor/internal/ui"
)

// widening is one thing that a changed charter would widen.
type widening struct {
	Words   string
	Follows string
	People  string
	Paused  string
}

// more is the recipient abroad that the tour's changed charter adds.
const more = "  printer: {name: Postal Print Inc, what: {en: prints the letter on paper, de: druckt den Brief auf Papier}, role: processor, country: US, safeguard: SCC, gets: {letter: [email]}}\n"

// widen compares the charter in force with one that names a recipient abroad.
// Nothing is changed.
func (t *Tour) widen(r *http.Request, in *charter.Charter) ([]widening, error) {
	promise, house := in.Documents()
	const before = "\nrecipients:"
	i := strings.Index(string(promise), before)
	if i < 0 {
		return nil, nil
	}
	end := i + len(before) + strings.IndexByte(string(promise[i+len(before):]), '\n') + 1
	after, problems := charter.Parse([]byte(string(promise[:end])+more+string(promise[end:])), house)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	var list []gate.Impact
	err := t.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
		list, err = t.Gate.ImpactOf(tx, after)
		return err
	})
	var out []widening
	for _, c := range list {
		var follows []string
		for _, f := range c.Follows {
			follows = append(follows, followWords[f])
		}
		out = append(out, widening{c.Words.In("en"), strings.Join(follows, "; "), ui.Number("en", c.Customers), fmt.Sprintf("%s agreements pause until they are given anew", ui.Number("en", c.Agreed))})
	}
	return out, err
}

var followWords = map[charter.Follow]string{
	charter.ReNotice: "people are told first", charter.ReConsent: "who agreed must agree anew", charter.Review: "an assessment is made first", charter.Deletion: "what is no longer needed is deleted",
}
