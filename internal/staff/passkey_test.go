package staff

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
)

const origin = "https://staff.halm.example"

// device is an authenticator in a few lines: ES256, no attestation.
type device struct {
	key     *ecdsa.PrivateKey
	id      []byte
	user    string
	count   uint32
	unknown bool // it does not ask who holds it
	origin  string
}

func newDevice(t *testing.T) *device {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw := make([]byte, 16)
	_, _ = rand.Read(raw)
	return &device{key: key, id: raw, origin: origin}
}

// asked is what a device reads of a question.
type asked struct {
	Challenge string `json:"challenge"`
	User      struct {
		ID string `json:"id"`
	} `json:"user"`
}

func read(t *testing.T, q Question) asked {
	t.Helper()
	var a asked
	if err := json.Unmarshal([]byte(q.Options), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (d *device) clientData(kind, challenge string) []byte {
	b, _ := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": d.origin, "crossOrigin": false})
	return b
}

func (d *device) data(flags byte, rest ...byte) []byte {
	sum := sha256.Sum256([]byte("staff.halm.example"))
	if !d.unknown {
		flags |= 4
	}
	out := append(sum[:], flags|1)
	return append(binary.BigEndian.AppendUint32(out, d.count), rest...)
}

func bytesOf(b []byte) []byte { return append([]byte{0x58, byte(len(b))}, b...) } // CBOR, up to 255

// makes answers the question for a new passkey.
func (d *device) makes(t *testing.T, q Question) string {
	t.Helper()
	a := read(t, q)
	raw, err := base64.RawURLEncoding.DecodeString(a.User.ID)
	if err != nil {
		t.Fatal(err)
	}
	d.user = string(raw)
	point, err := d.key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	cose := append([]byte{0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21}, bytesOf(point[1:33])...)
	cose = append(append(cose, 0x22), bytesOf(point[33:])...)
	attested := append(make([]byte, 16), 0, byte(len(d.id)))
	data := d.data(0x40, append(append(attested, d.id...), cose...)...)
	object := append([]byte{0xa3}, "\x63fmt\x64none\x67attStmt\xa0\x68authData"...)
	object = append(object, bytesOf(data)...)
	return d.answer(map[string]any{"clientDataJSON": b64(d.clientData("webauthn.create", a.Challenge)), "attestationObject": b64(object), "transports": []string{"internal"}})
}

// uses answers the question that signs in.
func (d *device) uses(t *testing.T, q Question) string {
	t.Helper()
	d.count++
	data, client := d.data(0), d.clientData("webauthn.get", read(t, q).Challenge)
	sum := sha256.Sum256(client)
	sum = sha256.Sum256(append(data, sum[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, d.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return d.answer(map[string]any{"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(sig), "userHandle": b64([]byte(d.user))})
}

func (d *device) answer(response map[string]any) string {
	b, _ := json.Marshal(map[string]any{"id": b64(d.id), "rawId": b64(d.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}})
	return string(b)
}

// A passkey that knows its holder is both factors; one that does not, one of
// another page, a copied or a removed one, and an answer given before, are
// nothing.
func TestPasskeys(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		h.party = relyingParty(origin)
		who, _, _, _ := h.signedUp("ada@halm.example")
		w := Who{Person: Person{ID: who}}
		phone := newDevice(t)
		ask := func() Question {
			q, err := h.AskPasskey()
			if err != nil {
				t.Fatal(err)
			}
			return q
		}
		add := func(with *device) error {
			var q Question
			err := d.Read(ctx, func(tx *db.Tx) (err error) {
				q, err = h.AskNewPasskey(tx, w)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return h.AddPasskey(ctx, w, "my phone", q.Sealed, with.makes(t, q))
		}
		for name, bad := range map[string]*device{"one that does not ask who holds it": {unknown: true, origin: origin}, "one of another page": {origin: "https://staff-halm.example"}} {
			fresh := newDevice(t)
			fresh.unknown, fresh.origin = bad.unknown, bad.origin
			if err := add(fresh); !errs.Is(err, errs.Invalid) {
				t.Errorf("%s is taken: %v", name, err)
			}
		}
		if err := add(phone); err != nil {
			t.Fatal(err)
		}

		q := ask()
		answer := phone.uses(t, q)
		in, err := h.BeginWithPasskey(ctx, q.Sealed, answer, "192.0.2.0/24")
		if err != nil || in.factor != byPasskey || in.who != w.Person.ID {
			t.Fatalf("sign-in: %+v, %v", in, err)
		}
		secret, err := h.Open(ctx, in, "a phone")
		if err != nil {
			t.Fatal(err)
		}
		now, err := h.Ask(ctx, secret)
		if err != nil || now.Session.Factor != byPasskey {
			t.Fatalf("the session: %+v, %v", now.Session, err)
		}
		refused := func(name string, q Question, answer string) {
			t.Helper()
			if _, err := h.BeginWithPasskey(ctx, q.Sealed, answer, ""); errs.CodeOf(err) != BadPasskey {
				t.Errorf("%s: %v", name, err)
			}
		}
		refused("an answer given before", q, answer)
		other := ask()
		refused("the answer to another question", other, answer)
		phone.unknown = true
		q = ask()
		refused("without its holder", q, phone.uses(t, q))
		phone.unknown, phone.origin = false, "https://staff-halm.example"
		q = ask()
		refused("of another page", q, phone.uses(t, q))
		phone.origin, phone.count = origin, 0
		q = ask()
		refused("a copy that counts anew", q, phone.uses(t, q))
		phone.count = 10
		h.clk.Advance(2 * Fresh)
		if w.Session = now.Session; now.Fresh(h.clk.Now()) {
			t.Error("a proof is fresh after ten minutes")
		}
		err = d.Read(ctx, func(tx *db.Tx) (err error) {
			q, err = h.AskOwnPasskey(tx, w)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.ProveWithPasskey(ctx, w, q.Sealed, phone.uses(t, q)); err != nil {
			t.Error(err)
		}
		if now, err = h.Ask(ctx, secret); err != nil || !now.Fresh(h.clk.Now()) {
			t.Errorf("after the proof: %v", err)
		}
		h.renamedAndRemoved(w)
		q = ask()
		refused("a removed one", q, phone.uses(t, q))
	})
}

// renamedAndRemoved looks after somebody's one passkey.
func (h house) renamedAndRemoved(w Who) {
	h.t.Helper()
	err := h.write(func(tx *db.Tx) error {
		keys, err := h.Passkeys(tx, w.Person.ID)
		if err != nil || len(keys) != 1 || keys[0].Name != "my phone" || keys[0].UsedAt == 0 {
			h.t.Errorf("passkeys: %+v, %v", keys, err)
		}
		if err := h.RenamePasskey(tx, w, keys[0].ID, "old phone"); err != nil {
			return err
		}
		if err := h.RemovePasskey(tx, Who{Person: Person{ID: id.New[id.Staff]()}}, keys[0].ID); !errs.Is(err, errs.NotFound) {
			h.t.Errorf("a stranger removes it: %v", err)
		}
		return h.RemovePasskey(tx, w, keys[0].ID)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestPasskeysNeedANameOverHTTPS(t *testing.T) {
	for address, want := range map[string]bool{
		"https://staff.halm.example": true, "http://localhost:8080": true, "http://127.0.0.1:8080": false, "https://192.0.2.1": false, "http://halm.example": false, "": false,
	} {
		if got := relyingParty(address) != nil; got != want {
			t.Errorf("%q: %v, want %v", address, got, want)
		}
	}
}
