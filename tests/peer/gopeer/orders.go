package gopeer

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"github.com/bips-ipc/bips/tests/peer/line"
)

// obey carries out orders, one after the other, and answers each, until the input ends or an
// order closes the peer. If none did the end of the input does.
func obey(input io.Reader, out *output, carryOut func(line.Order) line.Line) error {
	closed := false
	lines := bufio.NewScanner(input)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var order line.Order
		if err := json.Unmarshal(lines.Bytes(), &order); err != nil {
			return fmt.Errorf("order %q: %w", lines.Text(), err)
		}
		if closed {
			return fmt.Errorf("order %q after %q", order.Do, line.DoClose)
		}
		closed = order.Do == line.DoClose
		answer := carryOut(order)
		answer.Event, answer.Order = line.Done, order.Do
		out.write(answer)
	}
	if !closed {
		carryOut(line.Order{Do: line.DoClose})
	}
	return lines.Err()
}

// unknown answers an order that the role does not know.
func unknown(order line.Order) line.Line {
	return line.Line{Error: "unknown-order", Text: fmt.Sprintf("there is no order %q for this role", order.Do)}
}

// failed is an answer with an error.
func failed(err error) line.Line {
	if err == nil {
		return line.Line{}
	}
	return line.Line{Error: line.ErrorName(err), Text: err.Error()}
}
