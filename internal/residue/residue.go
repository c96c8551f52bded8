// Package residue looks for what is left of a person's values in bytes of any
// kind: files of a database, rows, logs. It knows the forms that programs give a
// text on its way: letter case, UTF-16, base64 wherever the value begins in it,
// hexadecimal, escapes of URLs and JSON, and digests without a key, which anybody
// can try addresses against (GDPR Rec. 26).
package residue

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"unicode/utf16"

	"candor/internal/personal"
)

// shortest is the length below which a value is found everywhere by chance.
const shortest = 5

// Matcher finds the values it was made of. It is safe for concurrent use.
type Matcher struct {
	patterns []pattern
	longest  int
}

type pattern struct {
	form string
	text []byte
	fold bool // in lower case, to be sought in lower case
}

// New makes a matcher of values. Those that are too short to tell are left out.
func New(values ...personal.Value) *Matcher {
	m := &Matcher{}
	for _, v := range values {
		raw := strings.TrimSpace(v.Reveal())
		if len(raw) < shortest {
			continue
		}
		m.forms(raw)
		if lower := strings.ToLower(raw); lower != raw {
			m.forms(lower)
		}
		m.digests(strings.ToLower(raw))
	}
	return m
}

// Empty reports whether there is nothing to look for.
func (m *Matcher) Empty() bool { return len(m.patterns) == 0 }

func (m *Matcher) add(form string, text []byte, fold bool) {
	if fold {
		text = bytes.ToLower(text)
	}
	m.patterns = append(m.patterns, pattern{form, text, fold})
	m.longest = max(m.longest, len(text))
}

// forms adds the ways in which a text is written.
func (m *Matcher) forms(v string) {
	m.add("text", []byte(v), true)
	var little, big []byte
	for _, u := range utf16.Encode([]rune(v)) {
		little, big = binary.LittleEndian.AppendUint16(little, u), binary.BigEndian.AppendUint16(big, u)
	}
	m.add("UTF-16", little, false)
	m.add("UTF-16", big, false)
	m.add("hexadecimal", []byte(hex.EncodeToString([]byte(v))), true)
	m.inBase64("base64", []byte(v))
	m.add("URL", []byte(url.QueryEscape(v)), true)
	m.add("URL", []byte(url.PathEscape(v)), true)
	var percent, some, all strings.Builder
	for _, b := range []byte(v) {
		fmt.Fprintf(&percent, "%%%02x", b)
	}
	for _, r := range v {
		for _, u := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&all, `\u%04x`, u)
			if u < 128 && (u >= 'a' && u <= 'z' || u >= 'A' && u <= 'Z' || u >= '0' && u <= '9' || u == '.' || u == ' ' || u == '-') {
				some.WriteByte(byte(u))
			} else {
				fmt.Fprintf(&some, `\u%04x`, u)
			}
		}
	}
	m.add("URL", []byte(percent.String()), true)
	m.add("JSON", []byte(some.String()), true)
	m.add("JSON", []byte(all.String()), true)
}

// digests adds the digests of the normalised value that anybody can compute.
func (m *Matcher) digests(v string) {
	a, b, c := md5.Sum([]byte(v)), sha1.Sum([]byte(v)), sha256.Sum256([]byte(v))
	for form, sum := range map[string][]byte{"MD5": a[:], "SHA-1": b[:], "SHA-256": c[:]} {
		m.add(form, sum, false)
		m.add(form, []byte(hex.EncodeToString(sum)), true)
		m.inBase64(form, sum)
	}
}

// inBase64 adds what of a value shows in base64, at each of the three places
// where it may begin, without the characters that it shares with its neighbours.
func (m *Matcher) inBase64(form string, v []byte) {
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before, shared := range []int{0, 2, 3} {
			text := enc.EncodeToString(append(make([]byte, before), v...))
			if (before+len(v))%3 != 0 {
				text = text[:len(text)-1]
			}
			m.add(form, []byte(text[shared:]), false)
		}
	}
}

// Find names the forms in which a value stands in some bytes.
func (m *Matcher) Find(b []byte) []string {
	var out []string
	lower := bytes.ToLower(b)
	for _, p := range m.patterns {
		in := b
		if p.fold {
			in = lower
		}
		if bytes.Contains(in, p.text) {
			out = append(out, p.form)
		}
	}
	return out
}

// window is how much is read at a time.
const window = 4 << 20

// Read is Find over a stream, of any length.
func (m *Matcher) Read(r io.Reader) ([]string, error) {
	var out []string
	buf := make([]byte, 0, window+m.longest)
	for {
		n, err := io.ReadFull(r, buf[len(buf):window])
		buf = buf[:len(buf)+n]
		out = append(out, m.Find(buf)...)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		keep := min(m.longest, len(buf))
		buf = buf[:copy(buf, buf[len(buf)-keep:])]
	}
}
