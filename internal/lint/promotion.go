package lint

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// promotion are the blocks that make a message advertising, in whole or in part:
// money off, codes and vouchers, offers, other goods beside what was bought, and
// rewards for a review.
var promotion = regexp.MustCompile(`(?i)(` + strings.Join([]string{
	// money off
	`[0-9] ?(%|percent|prozent|€|euro?|£|\$|usd|gbp) ?(off|discount|rabatt|nachlass|günstiger|sparen|weniger|cashback)\b`,
	`[€£$] ?[0-9][0-9.,]* (off|discount|cashback)\b`, `\bsave (up to )?[€£$]? ?[0-9]`, `\bsparen sie (bis zu )?[0-9€]`,
	`\b(half|reduced) price\b`, `\b(two|2|three|3) (for|für) (one|1|eins|two|2|zwei)\b`, `\bbuy one\b.{0,20}\bget one\b`, `\bfree (shipping|delivery|gift) (on|with) your next\b`,
	// codes and vouchers
	`\b(discount|voucher|promo(tion(al)?)?|coupon|gift) ?-?codes?\b`, `\b(rabatt|gutschein|aktions)(code|gutschein)?s?\b`, `\buse code [a-z0-9]{3,}\b`, `\bvouchers?\b`, `\bcoupons?\b`,
	// offers
	`\b(special|exclusive|limited|introductory) (time )?offers?\b`, `\boffer of the\b`, `\bdeal of the\b`, `\bsale\b`, `\bbuy now\b`, `\bshop now\b`,
	`\b(sonder|einführungs|treue)angebote?\b`, `\bangebot de[rs]\b`, `\bnur für sie\b`, `\bjetzt (kaufen|shoppen|zugreifen)\b`,
	// other goods
	`\byou (may|might|could|will) also (like|love|need)\b`, `\b(others|customers|people) (who bought .{1,30} )?also (bought|like)`, `\b(recommended|picked|chosen) for you\b`, `\bcomplete your (set|order|look|collection)\b`,
	`\bdas könnte (ihnen|dir) auch\b`, `\bkund(en|innen).{0,30} kauften auch\b`, `\b(für sie|für dich) (empfohlen|ausgesucht)\b`, `\bdazu passt\b`, `\bpasst gut dazu\b`,
	// a review with a reward
	`\b(reviews?|rate|rating|feedback|bewert\w*|rezension\w*)\b.{0,80}\b(rewards?|points?|gift|win|prize|draw|punkte|geschenk|gewinnen|verlosung|prämie)\b`,
	`\b(rewards?|points?|gift|win|prize|punkte|geschenk|gewinnen|verlosung|prämie)\b.{0,80}\b(reviews?|rate us|feedback|bewert\w*|rezension\w*)\b`,
}, "|") + `)`)

// Promotes reports whether a text advertises, in whole or in part. It reads it as
// a person does: invisible characters do not hide a word, and a wide digit is a
// digit.
func Promotes(text string) bool {
	seen := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, norm.NFKC.String(text))
	return promotion.MatchString(strings.Join(strings.Fields(seen), " "))
}

func promotionInService(m Message) []Finding {
	if !m.Marketing && (Promotes(m.Subject) || Promotes(m.Text)) {
		return found("LNT-27", Block, "text", "A service message holds no offer. Take it out, or send it as marketing to those who agreed.")
	}
	return nil
}
