package signal

import (
	"slices"
	"strings"

	tcf "github.com/SirDataFR/iabtcfv2"
)

// The sections of a GPP string that are read: IAB Europe's, and the American
// ones by the place of their opt-outs among the fields of two bits that follow
// the version.
const sectionEU = 2

var sectionsUS = map[int]struct {
	versions int // the newest that is known
	fields   int // of the shortest version
	at       map[OptOut]int
}{
	7:  {2, 27, map[OptOut]int{Sale: 6, Sharing: 7, Targeted: 8}}, // national
	8:  {1, 20, map[OptOut]int{Sale: 3, Sharing: 4}},              // California
	9:  {1, 17, map[OptOut]int{Sale: 3, Targeted: 4}},             // Virginia
	10: {1, 16, map[OptOut]int{Sale: 3, Targeted: 4}},             // Colorado
	12: {1, 19, map[OptOut]int{Sale: 3, Targeted: 4}},             // Connecticut
}

// ReadGPP reads a GPP string: its header, the section of IAB Europe, and those
// of the American national approach, California, Virginia, Colorado and
// Connecticut. Where sections differ the stricter counts. Other sections are
// listed as not read. It returns INVALID bad_gpp for a string that is broken.
func ReadGPP(text string) (Said, error) {
	parts := strings.Split(text, "~")
	if len(text) > mostText || len(parts) > 64 {
		return Said{}, errGPP
	}
	ids, ok := header(parts[0])
	if !ok || len(ids) != len(parts)-1 {
		return Said{}, errGPP
	}
	out := Said{From: ByGPP}
	for i, id := range ids {
		switch _, us := sectionsUS[id]; {
		case id == sectionEU:
			ok = out.readEU(parts[i+1])
		case us:
			ok = out.readUS(id, parts[i+1])
		default:
			out.Unread = append(out.Unread, id)
		}
		if !ok {
			return Said{}, errGPP
		}
	}
	return out, nil
}

func (s *Said) readEU(text string) bool {
	t, err := tcf.Decode(text)
	if err != nil {
		return false
	}
	eu, err := ofTCF(t, text)
	s.EU, s.Updated = eu.EU, eu.Updated
	return err == nil
}

func (s *Said) readUS(id int, text string) bool {
	form := sectionsUS[id]
	segments := strings.Split(text, ".")
	core, ok := bitsOf(segments[0])
	if version := core.take(6); !ok || version < 1 || version > form.versions || core.left() < 2*form.fields {
		return false
	}
	fields := make([]int, form.fields)
	for i := range fields {
		fields[i] = core.take(2)
	}
	for what, at := range form.at {
		switch fields[at] {
		case 1:
			s.optOut(what, true)
		case 2:
			s.optOut(what, false)
		case 3:
			return false
		}
	}
	return s.readGPC(segments[1:])
}

// readGPC reads the segment that repeats Global Privacy Control.
func (s *Said) readGPC(segments []string) bool {
	if len(segments) > 1 {
		return false
	}
	for _, text := range segments {
		b, ok := bitsOf(text)
		if !ok || b.left() < 3 || b.take(2) != 1 {
			return false
		}
		if b.take(1) == 1 {
			for _, what := range OptOuts {
				s.optOut(what, true)
			}
		}
	}
	return true
}

// optOut notes an answer; of two the stricter counts.
func (s *Said) optOut(what OptOut, out bool) {
	if s.US == nil {
		s.US = map[OptOut]bool{}
	}
	s.US[what] = s.US[what] || out
}

// header reads which sections follow: type 3, version 1, and a range of numbers
// written as differences in Fibonacci coding.
func header(text string) ([]int, bool) {
	b, ok := bitsOf(text)
	if !ok || b.left() < 24 || b.take(6) != 3 || b.take(6) != 1 {
		return nil, false
	}
	var ids []int
	last := 0
	for range b.take(12) {
		group := b.take(1)
		first, ok := b.fibonacci()
		if !ok || last+first > 64 {
			return nil, false
		}
		last += first
		ids = append(ids, last)
		if group == 0 {
			continue
		}
		more, ok := b.fibonacci()
		if !ok || last+more > 64 {
			return nil, false
		}
		for range more {
			last++
			ids = append(ids, last)
		}
	}
	return ids, len(ids) > 0 && slices.IsSorted(ids)
}

// bits reads numbers from the front. Past the end they are 0: who reads checks
// what is left.
type bits []byte

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// bitsOf opens base64url text, six bits a letter; strings are padded to whole
// letters, not to whole bytes.
func bitsOf(text string) (*bits, bool) {
	out := make(bits, 0, 6*len(text))
	for _, c := range []byte(text) {
		n := strings.IndexByte(alphabet, c)
		if n < 0 {
			return &out, false
		}
		for shift := 5; shift >= 0; shift-- {
			out = append(out, byte(n>>shift&1))
		}
	}
	return &out, len(out) > 0
}

func (b *bits) left() int { return len(*b) }

func (b *bits) take(n int) (value int) {
	for range n {
		value <<= 1
		if len(*b) > 0 {
			value |= int((*b)[0])
			*b = (*b)[1:]
		}
	}
	return value
}

// fibonacci reads a whole number over 0 that ends with two ones.
func (b *bits) fibonacci() (int, bool) {
	value, f, next := 0, 1, 2
	for previous := byte(0); b.left() > 0 && f < 1<<16; f, next = next, f+next {
		bit := (*b)[0]
		*b = (*b)[1:]
		if bit == 1 && previous == 1 {
			return value, true
		}
		value += f * int(bit)
		previous = bit
	}
	return 0, false
}
