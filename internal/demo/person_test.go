package demo

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"candor/internal/clock"
)

var now = clock.UTC(2026, time.November, 23, 12, 0, 0)

func TestPeopleAreTheSameForASeed(t *testing.T) {
	if !reflect.DeepEqual(People(50, 7, now), People(50, 7, now)) {
		t.Error("the same seed gave other people")
	}
}

func TestPeopleLiveOneConsistentStory(t *testing.T) {
	seen := map[Story]int{}
	emails := map[string]bool{}
	people := People(5000, 1, now)
	for _, p := range people {
		seen[p.Story]++
		if emails[p.Email] || !strings.HasSuffix(p.Email, ".example") {
			t.Errorf("address %s is taken or could be somebody's", p.Email)
		}
		emails[p.Email] = true
		for _, at := range []clock.Instant{p.Joined, p.Asked, p.Stopped} {
			if at > now {
				t.Errorf("%s: something happens in the future", p.Story)
			}
		}
		if len(p.Orders) == 0 {
			t.Errorf("%s: a customer without an order", p.Story)
		}
		for _, o := range p.Orders {
			if o.At > now || o.At < now.Add(-days(3*365+1)) {
				t.Errorf("%s: an order at %s", p.Story, o.At)
			}
		}
	}
	for _, s := range []Story{AgreedToAll, AgreedToNone, NeverAsked, Unconfirmed, Withdrew, Lapsed, Bounced, Californian} {
		if seen[s] < 50 {
			t.Errorf("%s: %d people", s, seen[s])
		}
	}
	if people[0].Story != AgreedToAll || people[1].Story != AgreedToNone || people[2].Story != Californian {
		t.Error("the three sample customers are not the first three")
	}
}
