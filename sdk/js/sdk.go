// Package js holds the browser SDK: one ES module without dependencies that puts
// an ask on a page of the business's own and sends events. It keeps nothing on
// the device but a "no", which it must remember to leave people in peace.
package js

import _ "embed" // the module

// Module is the text of candor.js.
//
//go:embed candor.js
var Module []byte
