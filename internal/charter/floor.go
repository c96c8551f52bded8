package charter

import (
	"slices"

	"candor/internal/clock"
	"candor/internal/term"
)

// Floor is what a purpose's widenings left behind. It only ever rises: going
// back to an older text revives nothing.
type Floor struct {
	Version int64  `json:"version"` // a consent under an older one must be given anew
	News    []News `json:"news,omitempty"`
}

// News is a part of a purpose that became wider, and since when. Both names are
// empty when it is all of the purpose.
type News struct {
	Channel   term.Channel   `json:"channel,omitempty"`
	Recipient term.Recipient `json:"recipient,omitempty"`
	Version   int64          `json:"version"`
	At        clock.Instant  `json:"at"`
}

// raised notes the widenings of a version. Of the first version nothing is news
// to anybody.
func (f Floor) raised(list []Widening, version int64, at clock.Instant, first bool) Floor {
	f.Version = max(f.Version, version)
	if first {
		return f
	}
	f.News = slices.Clone(f.News)
	for _, w := range list {
		n := News{w.channel, w.recipient, version, at}
		f.News = slices.DeleteFunc(f.News, func(old News) bool { return old.Channel == n.Channel && old.Recipient == n.Recipient })
		f.News = append(f.News, n)
	}
	return f
}
