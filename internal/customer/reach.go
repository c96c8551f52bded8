package customer

import (
	"fmt"

	"candor/internal/term"
)

// Table holds one row a customer.
const Table = "customer"

// AddressSQL gives a condition on a column of customer ids that is true for
// those who have an address on a channel that mail has not come back from, with
// its arguments numbered from firstArg. Without a kind of address for the
// channel it is true for nobody.
func AddressSQL(ch term.Channel, column string, firstArg int) (string, []any) {
	kind := kindOf(ch)
	if kind == "" {
		return "1 = 0", nil
	}
	return fmt.Sprintf("exists (select 1 from identity i where i.customer_id = %s and i.kind = $%d and i.invalid_at = 0)", column, firstArg), []any{kind}
}

// AddressKind is the kind of identity that is an address on a channel, or "".
func AddressKind(ch term.Channel) string { return string(kindOf(ch)) }
