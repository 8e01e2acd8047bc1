package gstglue

// #include <bips/layout.h>
import "C"

import "github.com/bips-ipc/bips/internal/layout"

// The C code has the numbers of records from a header that is generated from package layout. Go does not look whether a
// header outside of the package has changed; since this package depends on layout, it is compiled anew with it.
var _ = [1]struct{}{}[C.BIPS_LAYOUT_VERSION_MAJOR-layout.VersionMajor]
