// Package signal reads what a browser says about a person's wishes.
//
// Global Privacy Control (https://w3c.github.io/gpc/): the header Sec-GPC with
// the value 1, and no other, asks not to sell or share data and not to target
// advertising. Its absence says nothing and never lifts an earlier signal
// (SIG-01, SIG-02).
package signal

import "net/http"

// GPC reports whether the request carries the signal. A header that is sent
// more than once counts when any of them is 1: the signal only protects.
func GPC(r *http.Request) bool {
	for _, v := range r.Header.Values("Sec-GPC") {
		if v == "1" {
			return true
		}
	}
	return false
}
