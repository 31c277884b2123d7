package testkit

import (
	"fmt"

	"github.com/millrace-go/millrace/topology"
)

// Drive builds b and returns a driver where there is no test: in an Example or a sketch. Where [New] would fail the test it
// panics, and there is no second run.
//
//	func ExampleStream_Filter() {
//		b := topology.New("bright")
//		...
//		d := testkit.Drive(b)
//		d.Input(images).Pipe("A01", 250, 0)
//		d.Output(bright).Print()
//		// Output: A01 -> 250 at 0
//	}
func Drive(b *topology.Builder, opts ...Option) *Driver {
	var t noTest
	topo, err := b.Build()
	if err != nil {
		t.Fatalf("testkit: %v", err)
	}
	return New(t, topo, append(opts, Once())...)
}

// noTest is a TB without a test.
type noTest struct{}

func (noTest) Helper()        {}
func (noTest) Cleanup(func()) {}

func (noTest) Errorf(format string, args ...any) {
	panic(fmt.Sprintf(format, args...)) //nolint:forbidigo // an Example has no other way to fail
}

func (t noTest) Fatalf(format string, args ...any) { t.Errorf(format, args...) }

// Print writes the records that have not been read to standard output, one a line, as [stream.Record] prints itself. It is
// for Examples.
func (out *Output[K, V]) Print() {
	out.d.t.Helper()
	for _, r := range out.ReadAll() {
		fmt.Println(r) //nolint:forbidigo // an Example is compared with its standard output
	}
}
