package elements

import "github.com/bips-ipc/bips/bips"

// sinkSettings are the properties of bipssink. Times are nanoseconds.
type sinkSettings struct {
	pool             string
	backend          int32
	slots            uint32
	slotSize         uint64
	perms            uint32
	group            string
	maxConsumers     uint32
	waitForConsumers uint32
	overflow         int32
	blockTimeout     int64
	metaSize         uint32
}

var sinkDefaults = sinkSettings{
	backend:      int32(bips.Shm),
	slots:        bips.DefaultSlots,
	perms:        uint32(bips.DefaultPermissions),
	maxConsumers: bips.DefaultMaxConsumers,
	overflow:     int32(bips.Block),
	blockTimeout: int64(waitAutomatic),
	metaSize:     minMetaSize,
}

// minMetaSize is enough for 85 plain regions of interest.
const minMetaSize = bips.DefaultMetaSize

// Numbers out of range are refused at the start with a message that says the range:
// GObject would clamp them without a word.
var sinkProperties = []property[sinkSettings]{
	{
		name:  "pool",
		blurb: "Name of the pool to make: letters, digits, _ and -; readers give the same name",
		field: func(s *sinkSettings) any { return &s.pool },
	}, {
		name:   "backend",
		blurb:  "How the pool's memory is made and found",
		field:  func(s *sinkSettings) any { return &s.backend },
		choice: backendChoice,
	}, {
		name:  "slots",
		blurb: "How many frames the pool has room for (2 to 64)",
		field: func(s *sinkSettings) any { return &s.slots },
	}, {
		name:  "slot-size",
		blurb: "Room for each frame in bytes; larger frames are dropped then (0: what the caps call for; where they do not tell, four times the first frame, at least 1 MiB; and more when frames get larger)",
		field: func(s *sinkSettings) any { return &s.slotSize },
	}, {
		name:  "perms",
		blurb: "Who may read the pool, as file permissions (0600: the same user only; 0660: the group too; 0666: everyone)",
		field: func(s *sinkSettings) any { return &s.perms },
	}, {
		name:  "group",
		blurb: "Group that perms is about, by name or number (by default the process's own, which often has no other member)",
		field: func(s *sinkSettings) any { return &s.group },
	}, {
		name:  "max-consumers",
		blurb: "How many readers may be attached at a time (1 to 64)",
		field: func(s *sinkSettings) any { return &s.maxConsumers },
	}, {
		name:  "wait-for-consumers",
		blurb: "Publish nothing before so many readers are there: wait with the first frame, or, behind a live source, drop what comes",
		field: func(s *sinkSettings) any { return &s.waitForConsumers },
	}, {
		name:   "overflow",
		blurb:  "What to do when no slot is free because a reader of every frame is behind",
		field:  func(s *sinkSettings) any { return &s.overflow },
		choice: overflowChoice,
	}, {
		name:  "block-timeout",
		blurb: "For how long a reader of every frame may keep slots from coming free, in nanoseconds, before it is made to miss frames (0: not at all; -1: for ever; -2: one second behind a live source, for ever behind another)",
		field: func(s *sinkSettings) any { return &s.blockTimeout },
	}, {
		name:  "meta-size",
		blurb: "Room for the metadata of a frame in bytes (4096 to 65536): 4096 are enough for 85 regions of interest without parameters",
		field: func(s *sinkSettings) any { return &s.metaSize },
	},
}

// check refuses settings that GObject let pass.
func (s *sinkSettings) check() error {
	switch {
	case s.slots < bips.MinSlots || s.slots > bips.MaxSlots:
		return badSetting("slots=%d: a pool has %d to %d slots", s.slots, bips.MinSlots, bips.MaxSlots)
	case s.maxConsumers < 1 || s.maxConsumers > bips.MaxSeats:
		return badSetting("max-consumers=%d: a pool takes 1 to %d readers", s.maxConsumers, bips.MaxSeats)
	case s.waitForConsumers > s.maxConsumers:
		return badSetting("wait-for-consumers=%d: max-consumers=%d lets no more readers in", s.waitForConsumers, s.maxConsumers)
	case s.metaSize < minMetaSize || s.metaSize > bips.MaxMetaSize:
		return badSetting("meta-size=%d: a frame's metadata have %d to %d bytes", s.metaSize, minMetaSize, bips.MaxMetaSize)
	case s.blockTimeout < int64(waitAutomatic):
		return badSetting("block-timeout=%d: use nanoseconds, 0 (not at all), -1 (for ever) or -2 (automatic)", s.blockTimeout)
	}
	if err := s.checkAccess(); err != nil {
		return err
	}
	return checkPool(s.pool)
}

// metaRoom is meta-size as the pool has it: areas begin at multiples of 8.
func (s *sink) metaRoom() int { return int(s.settings.load().metaSize+7) &^ 7 }
