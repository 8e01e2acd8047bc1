package meta

import (
	"fmt"

	"github.com/bips-ipc/bips/internal/layout"
)

// Type is the type of a record.
type Type uint16

// The types of records.
const (
	TypeMemories      Type = layout.MetaMemories
	TypeAudioLayout   Type = layout.MetaAudioLayout
	TypeCrop          Type = layout.MetaCrop
	TypeAffine        Type = layout.MetaAffine
	TypeTimeCode      Type = layout.MetaTimeCode
	TypeReferenceTime Type = layout.MetaReferenceTime
	TypeCaption       Type = layout.MetaCaption
	TypeRegion        Type = layout.MetaRegion
	TypeCustom        Type = layout.MetaCustom
	TypeProtection    Type = layout.MetaProtection
	TypeGst           Type = layout.MetaGst
	TypeTags          Type = layout.MetaTags
)

// String returns the type's name, as docs/protocol.md has it.
func (t Type) String() string {
	switch t {
	case TypeMemories:
		return "memories"
	case TypeAudioLayout:
		return "audio layout"
	case TypeCrop:
		return "crop"
	case TypeAffine:
		return "affine"
	case TypeTimeCode:
		return "time code"
	case TypeReferenceTime:
		return "reference time"
	case TypeCaption:
		return "caption"
	case TypeRegion:
		return "region"
	case TypeCustom:
		return "custom"
	case TypeProtection:
		return "protection"
	case TypeGst:
		return "gst"
	case TypeTags:
		return "tags"
	}
	return fmt.Sprintf("type %d", uint16(t))
}

// Flags are the flags of a record. Those without a name here are to be ignored.
type Flags uint16

const (
	// Needed: who does not know the record's type must not use the frame.
	Needed Flags = layout.MetaNeeded
	// Partial: values were left out of the record, since nothing in the format is like them.
	Partial Flags = layout.MetaPartial
	// Analytics: a region came from a GstAnalyticsRelationMeta.
	Analytics Flags = layout.MetaAnalytics
)

// partial is the flag for a record of which values were left out, or none.
func partial(left bool) Flags {
	if left {
		return Partial
	}
	return 0
}
