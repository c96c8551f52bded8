package portal

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/id"
	"candor/internal/term"
	"candor/internal/ui"
)

// Where a business does not address adults alone its forms ask how old somebody
// is: with free entry and no hint at what is hoped for. The first answer of a
// session stands, in a cookie that holds the band and no more (MIN-AGE-01).

const (
	ageCookie  = "candor_age"
	ageToken   = "age"
	oldestAge  = 120
	adultsOnly = "adults"
)

func asksAge(c *charter.Charter) bool { return c.Business.People != adultsOnly }

func (p *Portal) ageField(lang term.Lang, wrong string) *ui.Field {
	return &ui.Field{ID: "age", Name: "age", Label: p.say(lang, "age-label"), Hint: p.say(lang, "age-hint"), InputMode: "numeric",
		Pattern: "[0-9]{1,3}", Max: 3, Required: true, Error: wrong}
}

// answeredAge is what the question came to in this session; nil when it was not
// answered yet.
func (p *Portal) answeredAge(r *http.Request) map[string]string {
	cookie, err := r.Cookie(ageCookie)
	if err != nil {
		return nil
	}
	raw, err := p.Ring.OpenToken(ageToken, cookie.Value)
	var out map[string]string
	if err != nil || json.Unmarshal(raw, &out) != nil {
		return nil
	}
	return out
}

// takeAge reads the answer, and keeps the first of a session. It reports false
// when there is none.
func (p *Portal) takeAge(w http.ResponseWriter, r *http.Request, c *charter.Charter) (map[string]string, bool, error) {
	if first := p.answeredAge(r); first != nil {
		return first, true, nil
	}
	years, err := strconv.Atoi(strings.TrimSpace(r.PostFormValue("age")))
	if err != nil || years < 0 || years > oldestAge {
		return nil, false, nil
	}
	today := clock.DateOf(p.Clock.Now().In(c.Business.Location()))
	detail := customer.AgeYearsDetail(years, today, p.Packs.Strict().Ages().Consent, customer.AskedAge)
	detail["session"] = id.New[id.Use]().String()
	raw, err := json.Marshal(detail)
	if err != nil {
		return nil, false, err
	}
	http.SetCookie(w, &http.Cookie{Name: ageCookie, Value: p.Ring.SealToken(ageToken, raw), Path: "/f/", HttpOnly: true, Secure: p.HTTPS, SameSite: http.SameSiteLaxMode})
	return detail, true, nil
}
