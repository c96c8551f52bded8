// Package demo makes the sample business come alive: invented customers with
// three years of orders, questions asked, agreements, refusals, withdrawals and
// lapses. All of it goes through the same doors as real data; nothing is
// written beside them. The customers do not exist: their addresses end in
// .example, which nobody can own (RFC 2606).
package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"candor/internal/clock"
)

// Story is what a customer's three years are about.
type Story string

// The stories, with what they teach.
const (
	AgreedToAll  Story = "agreed"      // asked, said yes, confirmed, still reads
	AgreedToNone Story = "refused"     // asked at checkout, said no
	NeverAsked   Story = "never asked" // bought without being asked
	Unconfirmed  Story = "unconfirmed" // said yes, never pressed the button in the mail
	Withdrew     Story = "withdrew"    // said yes, later stopped
	Lapsed       Story = "lapsed"      // said yes long ago and has not been back
	Bounced      Story = "bounced"     // said yes, the address stopped working
	Californian  Story = "gpc"         // said yes, and browses with Global Privacy Control
)

// Order is one purchase.
type Order struct {
	At     clock.Instant
	Number string
	Cents  int64
	Family string // coffee or gear
}

// Person is one invented customer and what happened.
type Person struct {
	Story   Story
	First   string
	Last    string
	Email   string
	UserID  string // the shop's number of the customer
	Street  string
	City    string
	Country string
	Region  string // state in the US, else ""
	Lang    string
	Roast   string // "" when never stated
	Joined  clock.Instant
	Asked   clock.Instant // zero when never asked
	Stopped clock.Instant // when a withdrawal or bounce happened
	Orders  []Order
}

type place struct {
	country, region, lang string
	currencyFactor        float64
	streets, cities       []string
	share                 int
}

var places = []place{
	{"DE", "", "de", 1, []string{"Lindenweg", "Hafenstraße", "Am Markt", "Gartenstraße", "Mühlenweg"}, []string{"20457 Hamburg", "10115 Berlin", "50667 Köln", "80331 München", "04109 Leipzig"}, 58},
	{"AT", "", "de", 1.05, []string{"Hauptplatz", "Bergweg", "Schulgasse"}, []string{"1010 Wien", "8010 Graz", "5020 Salzburg"}, 9},
	{"NL", "", "en", 1.02, []string{"Kerkstraat", "Dorpsweg", "Molenlaan"}, []string{"1012 Amsterdam", "3011 Rotterdam", "3511 Utrecht"}, 9},
	{"FR", "", "en", 1.02, []string{"Rue des Lilas", "Avenue du Port"}, []string{"75011 Paris", "69002 Lyon"}, 6},
	{"US", "CA", "en", 1.2, []string{"Ocean Avenue", "Mission Street", "Maple Drive"}, []string{"Santa Cruz, CA 95060", "Oakland, CA 94607", "San Diego, CA 92101"}, 18},
}

var (
	firsts = strings.Fields("Anna Ben Clara David Emma Felix Greta Hannes Ida Jonas Katrin Lukas Mia Noah Olivia Paul Romy Samuel Tilda Viktor Wanda Yara Amelie Bruno Celia Dario Elin Finn Hedda Ivo Jule Kai Lena Mats Nele Oskar Pia Rasmus Selma Theo")
	lasts  = strings.Fields("Ahrens Brandt Carstens Dorn Engel Fischer Gruber Hagen Imhof Jansen Keller Lorenz Martens Nowak Otto Petersen Quast Richter Sommer Thiel Ulrich Vogel Weber Ziegler Alder Birch Cole Drake Ellis Frost Grant Hayes Irwin Jarvis Keane Lowe Marsh Nash Oakes Penn")
	roasts = []string{"light", "medium", "dark"}
)

// stories are drawn with these weights.
var stories = []struct {
	story Story
	share int
}{
	{AgreedToAll, 38}, {AgreedToNone, 14}, {NeverAsked, 16}, {Unconfirmed, 7}, {Withdrew, 10}, {Lapsed, 11}, {Bounced, 4},
}

// People invents n customers whose three years end at now. The same seed gives
// the same people. The first three are the ones the demo introduces: one who
// agreed to everything, one who agreed to nothing, and one from California with
// Global Privacy Control.
func People(n int, seed uint64, now clock.Instant) []Person {
	r := rand.New(rand.NewPCG(seed, 0xcafe))
	out := make([]Person, 0, n)
	for i := range n {
		p := invent(r, i, now)
		switch i {
		case 0:
			p = settle(r, p, places[0], AgreedToAll, now)
			p.Roast = "dark"
		case 1:
			p = settle(r, p, places[0], AgreedToNone, now)
		case 2:
			p = settle(r, p, places[len(places)-1], Californian, now)
		}
		out = append(out, p)
	}
	return out
}

func invent(r *rand.Rand, i int, now clock.Instant) Person {
	p := Person{
		First:  firsts[r.IntN(len(firsts))],
		Last:   lasts[r.IntN(len(lasts))],
		UserID: fmt.Sprintf("%05d", 10001+i),
	}
	p.Email = strings.ToLower(fmt.Sprintf("%s.%s%d@post.example", p.First, p.Last, i))
	where := pick(r, places, func(p place) int { return p.share })
	story := pick(r, stories, func(s struct {
		story Story
		share int
	}) int {
		return s.share
	}).story
	if where.country == "US" && story == AgreedToAll && r.IntN(2) == 0 {
		story = Californian
	}
	return settle(r, p, where, story, now)
}

// settle gives a person a place and a story.
func settle(r *rand.Rand, p Person, where place, story Story, now clock.Instant) Person {
	p.Story, p.Country, p.Region, p.Lang = story, where.country, where.region, where.lang
	p.Street = fmt.Sprintf("%s %d", where.streets[r.IntN(len(where.streets))], 1+r.IntN(98))
	if where.country == "US" {
		p.Street = fmt.Sprintf("%d %s", 100+r.IntN(8900), where.streets[r.IntN(len(where.streets))])
	}
	p.City = where.cities[r.IntN(len(where.cities))]
	p.Asked, p.Stopped, p.Roast = 0, 0, ""
	p.Joined = now.Add(-days(20 + r.IntN(3*365-40)))
	switch story {
	case Lapsed:
		p.Joined = now.Add(-days(800 + r.IntN(280)))
	case NeverAsked:
	default:
		p.Asked = p.Joined.Add(time.Duration(r.IntN(50)) * time.Hour)
	}
	if story == Lapsed {
		p.Asked = p.Joined.Add(time.Hour)
	}
	if story == Withdrew || story == Bounced {
		p.Stopped = between(r, p.Asked.Add(days(3)), now)
	}
	if !p.Asked.IsZero() && story != AgreedToNone && r.IntN(3) > 0 {
		p.Roast = roasts[r.IntN(len(roasts))]
	}
	p.Orders = orders(r, p, where.currencyFactor, now)
	return p
}

// orders come every few weeks, fewer for some, and stop early for the lapsed.
func orders(r *rand.Rand, p Person, factor float64, now clock.Instant) []Order {
	var out []Order
	rhythm := 25 + r.IntN(120)
	at := p.Joined
	end := now.Add(-time.Hour)
	if p.Story == Lapsed {
		end = p.Joined.Add(days(40))
	} else if r.IntN(4) == 0 {
		end = p.Joined.Add(days(60 + r.IntN(300)))
	}
	for n := 1; at < min(end, now.Add(-time.Hour)) && n <= 24; n++ {
		family, cents := "coffee", int64(900+r.IntN(3600))
		if r.IntN(9) == 0 {
			family, cents = "gear", int64(4900+r.IntN(24000))
		}
		out = append(out, Order{At: at, Number: fmt.Sprintf("%s-%02d", p.UserID, n), Cents: int64(float64(cents) * factor), Family: family})
		at = at.Add(days(rhythm/2 + r.IntN(rhythm)))
	}
	return out
}

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

func between(r *rand.Rand, from, to clock.Instant) clock.Instant {
	if to <= from {
		return from
	}
	return from + clock.Instant(r.Int64N(int64(to-from)))
}

// pick draws by weight.
func pick[T any](r *rand.Rand, from []T, weight func(T) int) T {
	sum := 0
	for _, v := range from {
		sum += weight(v)
	}
	n := r.IntN(sum)
	for _, v := range from {
		if n -= weight(v); n < 0 {
			return v
		}
	}
	return from[len(from)-1]
}
