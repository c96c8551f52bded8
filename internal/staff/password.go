package staff

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/subtle"
	_ "embed" // the list of breached passwords
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"candor/internal/errs"
)

// MinPassword is the least length of a password in characters, MaxPassword the
// most. No kinds of characters are asked for, and none expires: length and the
// list of breached ones do more (ASVS 6.2.1 to 6.2.12).
const (
	MinPassword = 15
	MaxPassword = 256
)

// Argon2id's cost: 46 MiB in one pass, about 50 ms. Two at once at most, so that
// a flood of sign-ins cannot take all memory.
const (
	hashMemory   = 46 << 10
	hashTime     = 1
	hashThreads  = 1
	hashSize     = 32
	saltSize     = 16
	hashesAtOnce = 2
)

// hash gives a password's Argon2id digest in the PHC form.
func (r *Roster) hash(password string) string {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt)
	sum := r.argon(password, salt, hashTime, hashMemory, hashThreads)
	enc := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, hashMemory, hashTime, hashThreads, enc(salt), enc(sum))
}

func (r *Roster) argon(password string, salt []byte, time, memory uint32, threads uint8) []byte {
	r.hashing <- struct{}{}
	defer func() { <-r.hashing }()
	return argon2.IDKey([]byte(norm.NFC.String(password)), salt, time, memory, threads, hashSize)
}

// nobody's digest is checked when there is no account, so that the time says
// nothing.
const nobody = "$argon2id$v=19$m=47104,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// matches tells whether a password has a digest.
func (r *Roster) matches(password, digest string) bool {
	if digest == "" {
		digest = nobody
	}
	var version int
	var memory, time uint32
	var threads uint8
	parts := strings.Split(digest, "$")
	if len(parts) != 6 {
		return false
	}
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &time, &threads); err != nil {
		return false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	return err == nil && subtle.ConstantTimeCompare(want, r.argon(password, salt, time, memory, threads)) == 1
}

//go:embed breached.txt.gz
var breachedFile []byte

var breached = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	z, err := gzip.NewReader(bytes.NewReader(breachedFile))
	if err != nil {
		panic(err) // the file is embedded and a test reads it
	}
	lines := bufio.NewScanner(z)
	for lines.Scan() {
		out[lines.Text()] = true
	}
	return out
})

// CheckPassword returns INVALID for a password that is too short or too long,
// known from breaches, put together from two such, or made of who it is for.
func CheckPassword(password string, about ...string) error {
	switch n := utf8.RuneCountInString(password); {
	case n < MinPassword:
		return errs.New(errs.Invalid, BadPassword, "use at least %d characters; four or five words that do not belong together are good", MinPassword).On("password")
	case n > MaxPassword:
		return errs.New(errs.Invalid, BadPassword, "use at most %d characters", MaxPassword).On("password")
	}
	if knownFromBreaches(strings.ToLower(password)) {
		return errs.New(errs.Invalid, BadPassword, "this password, or what it is made of, is in lists of stolen passwords; choose another").On("password")
	}
	rest := strings.ToLower(password)
	for _, word := range append(about, "candor") {
		for _, part := range strings.FieldsFunc(strings.ToLower(word), func(c rune) bool { return !unicode.IsLetter(c) }) {
			if len(part) > 2 {
				rest = strings.ReplaceAll(rest, part, "")
			}
		}
	}
	if letters(rest) < MinPassword/2 {
		return errs.New(errs.Invalid, BadPassword, "do not make it of your name or address, or of one sign repeated; choose another").On("password")
	}
	return nil
}

// knownFromBreaches looks for the password itself, for its letters alone, and
// for two known ones in a row: "password1234567" and "qwertypassword" are known.
func knownFromBreaches(p string) bool {
	list := breached()
	bare := strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) {
			return c
		}
		return -1
	}, p)
	for _, s := range []string{p, strings.TrimFunc(p, func(c rune) bool { return !unicode.IsLetter(c) }), bare} {
		if list[s] {
			return true
		}
		for i := range s {
			if i > 0 && list[s[:i]] && list[s[i:]] {
				return true
			}
		}
	}
	return false
}

// letters counts the different letters and digits with a weight: a sign that
// follows itself counts once.
func letters(s string) int {
	n, last := 0, rune(-1)
	for _, c := range s {
		if c != last {
			n++
		}
		last = c
	}
	return n
}
