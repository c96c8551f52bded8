// Package gate is the one door to customers' data: every collection, reading,
// selection, message, disclosure and export asks it, and it answers ALLOW or
// DENY with all reasons, each with the requirement it comes from. Deny is the
// default.
//
// Law is decided at write and compared at read. Decide is a pure function from
// a customer's facts and the law in force to an answer. When a fact changes,
// the gate writes the fact and, in the same transaction, the customer's
// standing: what will be allowed from now on if nothing more happens, with the
// instants at which that changes by itself. A read compares the standing with
// the time and with the rules it was decided under; rules that changed since
// deny until the standing has been worked out anew.
//
// Only the gate writes facts and consent records, and only code under gate can
// reach keys and sealed values: everybody else gets a Pass.
package gate
