package message

import (
	"bytes"
	"reflect"
	"testing"

	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
)

func sampleLink() Link {
	return Link{
		Scope: Unsubscribe, Customer: id.NewCustomer(), Controller: "halm", Purpose: "letter", Channel: "email",
		Endpoint: bytes.Repeat([]byte{7}, 32), EndpointKey: 1, Send: bytes.Repeat([]byte{9}, 32),
	}
}

func TestLinkOpensAsItWasSealed(t *testing.T) {
	ring := keyring.Generate()
	want := sampleLink()
	want.Ask = ""
	got, err := OpenLink(ring, want.Seal(ring))
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Send) != string(want.Send) || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestLinkRefusesWhateverIsNotIts(t *testing.T) {
	ring := keyring.Generate()
	token := sampleLink().Seal(ring)
	flipped := []byte(token)
	flipped[len(flipped)/2] ^= 1
	for name, bad := range map[string]string{
		"one bit": string(flipped), "empty": "", "cut": token[:len(token)-3], "long": token + token + token + token + token + token + token + token + token + token,
		"another kind": ring.SealToken("session", []byte{1}), "another ring": sampleLink().Seal(keyring.Generate()),
	} {
		if _, err := OpenLink(ring, bad); !errs.Is(err, errs.NotFound) || errs.CodeOf(err) != "bad_link" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzOpenLink(f *testing.F) {
	ring := keyring.Generate()
	f.Add(sampleLink().Seal(ring), []byte{1, 0, 0, 0})
	f.Add("", []byte{})
	f.Add("AQ", []byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, token string, payload []byte) {
		if l, err := OpenLink(ring, token); err == nil && l.Seal(ring) == "" {
			t.Error("opened to nothing")
		}
		if l, err := readLink(payload); err == nil {
			again, err := OpenLink(ring, l.Seal(ring))
			if err != nil || !reflect.DeepEqual(again, l) {
				t.Errorf("not stable: %+v", l)
			}
		}
	})
}
