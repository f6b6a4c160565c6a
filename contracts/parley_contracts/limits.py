"""Every bound of the system (I7): sizes in bytes, times in seconds, counts. Exceeding one is a clear problem."""

from __future__ import annotations

# HTTP and socket
REQUEST_SIZE_BYTES_MAX = 8 * 1024 * 1024
FRAME_SIZE_BYTES_MAX = 256 * 1024
HEARTBEAT_INTERVAL_S = 25
IDENTIFY_TIMEOUT_S = 10
SOCKET_QUEUE_SIZE_BYTES_MAX = 4 * 1024 * 1024
SOCKET_COMMANDS_IN_FLIGHT_MAX = 64
PAGE_ENTRIES_DEFAULT = 50
PAGE_ENTRIES_MAX = 200
PAGE_SIZE_BYTES_MAX = 4 * 1024 * 1024
CURSOR_BUCKETS = 64
#: A long poll ends before the gateway's and the client's time-outs.
POLL_WAIT_S_MAX = 20
#: What comes within this time of the first frame goes in the same answer.
POLL_GATHER_S = 0.05
POLL_SIZE_BYTES_MAX = 1024 * 1024
POLLS_BURST = 30
POLLS_PER_S = 5

#: Hashes of entries that a device compares at once after a restore.
RESTORE_HASHES_PER_STEP = 1000
#: What a device had sent in epochs that a restore lost waits so long for the others' devices to come back.
RESTORE_WAIT_S_MAX = 24 * 3600

# Names and accounts
USERNAME_LENGTH_MIN = 2
USERNAME_LENGTH_MAX = 32
DISPLAY_NAME_LENGTH_MAX = 64
EMAIL_LENGTH_MAX = 254
PASSWORD_LENGTH_MIN = 10
PASSWORD_LENGTH_MAX = 256
DEVICE_NAME_LENGTH_MAX = 64
ABOUT_LENGTH_MAX = 280
PRONOUNS_LENGTH_MAX = 32
TIME_ZONE_LENGTH_MAX = 64
#: What comes of a picture of a person, and what is made of it: a square of `AVATAR_SIDE_PX`.
AVATAR_UPLOAD_SIZE_BYTES_MAX = 512 * 1024
AVATAR_PIXELS_MAX = 4 * 1024 * 1024
AVATAR_SIDE_PX = 192
AVATAR_SIZE_BYTES_MAX = 32 * 1024
AVATARS_MADE_AT_ONCE_MAX = 2
PROFILES_PER_LOOKUP_MAX = 100
#: How old a device lets the profiles grow that its lists show.
PROFILE_AGE_S_MAX = 900
DEVICES_PER_USER_MAX = 32
VAULT_SIZE_BYTES_MAX = 4 * 1024
RECOVERY_WRAP_SIZE_BYTES_MAX = 256
RECOVERY_SALT_SIZE_BYTES = 16
RECOVERY_PEPPER_SIZE_BYTES = 32
RECOVERY_PASSKEY_SALT_SIZE_BYTES = 32
RECOVERY_PASSKEY_WRAP_SIZE_BYTES = 60
#: What an authenticator may call a credential (WebAuthn level 3, section 4).
CREDENTIAL_ID_SIZE_BYTES_MAX = 1023
STATEMENT_SIZE_BYTES_MAX = 8 * 1024
CERTIFICATE_SIZE_BYTES_MAX = 1024
#: From its beginning a link of two devices is good for this long, and for one attempt.
LINK_LIFETIME_S = 120
LINKS_PER_USER_MAX = 5
LINK_PART_SIZE_BYTES_MAX = 64 * 1024

# The log of people's keys
KEY_LOG_LEAVES_MAX = 4_000_000
#: Leaves of one answer: 68 bytes each.
KEY_LOG_PAGE_MAX = 4096
#: A head is made anew at least so often; two clocks of one server differ by less.
KEY_LOG_HEAD_AGE_S_MAX = 3600
KEY_LOG_HEAD_STALE_S = 24 * 3600
#: How long a device goes on without asking for the newest head, where it has all that it needs.
KEY_LOG_FOLLOW_INTERVAL_S = 600
#: Heads of others that a device keeps until its own log has come so far.
KEY_LOG_HEADS_WAITING_MAX = 100
KEY_LOG_ALARMS_MAX = 100
KEY_LOG_WITNESSES_MAX = 16
CHECKPOINT_SIZE_BYTES_MAX = 8 * 1024
CHECKPOINT_SIGNATURES_MAX = 32

# Tokens
ACCESS_TOKEN_LIFETIME_S = 600
REFRESH_TOKEN_LIFETIME_S = 60 * 24 * 3600
#: The longest end that an operator may set for sessions that are used.
SESSION_DAYS_MAX = 3650
SERVICE_TOKEN_LIFETIME_S = 60
TOKEN_LEEWAY_S = 60
REVOCATION_POLL_INTERVAL_S = 2

# Key packages
KEY_PACKAGE_SIZE_BYTES_MAX = 4 * 1024
KEY_PACKAGES_PER_UPLOAD_MAX = 100
KEY_PACKAGES_PER_DEVICE_MAX = 200
KEY_PACKAGES_REFILL_BELOW = 20
KEY_PACKAGE_LIFETIME_S = 90 * 24 * 3600
# RFC 9420 section 7.2, the longest total lifetime of a leaf: a key package's, and a day on either side for clocks that are off.
LEAF_LIFETIME_S_MAX = KEY_PACKAGE_LIFETIME_S + 2 * 24 * 3600
KEY_PACKAGE_CLAIMS_PER_TARGET_PER_DAY = 50

# Conversations
MEMBERS_PER_GROUP_MAX = 1000
DEVICES_PER_GROUP_MAX = 2000
CONVERSATIONS_PER_USER_MAX = 5000
POLICY_SIZE_BYTES_MAX = 256 * 1024
BANNED_PER_GROUP_MAX = 1000
MUTED_PER_GROUP_MAX = 500
AUDIT_PAGE_DEFAULT = 50
AUDIT_PAGE_MAX = 200
#: The last second of the year 9999: what calendars can show.
MUTED_UNTIL_S_MAX = 253_402_300_799
LINKS_PER_GROUP_MAX = 50
LINK_PUBLIC_KEY_SIZE_BYTES = 32
JOIN_REQUESTS_PER_CONVERSATION_MAX = 200
JOIN_REQUESTS_PER_USER_MAX = 50
JOIN_REQUEST_LIFETIME_S = 14 * 24 * 3600
#: Requests to join that a person may file, each tried link counted.
JOIN_ATTEMPTS_PER_HOUR = 60
GROUP_NAME_LENGTH_MAX = 128
GROUP_TOPIC_LENGTH_MAX = 1024
CHANNEL_DESCRIPTION_LENGTH_MAX = 4096
APPLICATIONS_PER_CHANNEL_MAX = 20
APPLICATION_NAME_LENGTH_MAX = 64
#: Posts of one application, through whichever node.
APPLICATION_POSTS_PER_MINUTE = 60
CALLBACK_ATTEMPTS_MAX = 12
CALLBACK_PAUSE_S_MIN = 5
CALLBACK_PAUSE_S_MAX = 3600
CALLBACKS_AT_ONCE_MAX = 8
HOOK_SIZE_BYTES_MAX = 32 * 1024
#: How old, or how far ahead, a signed request may be.
HOOK_CLOCK_SKEW_S = 300
CHANNELS_PAGE_DEFAULT = 50
CHANNELS_PAGE_MAX = 100
CHANNELS_CREATED_PER_HOUR = 30
CHANNEL_QUERY_LENGTH_MAX = 128
SEARCH_QUERY_LENGTH_MAX = 512
SEARCH_QUERY_TOKENS_MAX = 16
SEARCH_TOKENS_PER_ENTRY_MAX = 2000
SEARCH_TOKEN_SIZE_BYTES = 8
SEARCH_PAGE_DEFAULT = 20
SEARCH_PAGE_MAX = 50
#: Entries that one request looks at, whatever it finds.
SEARCH_LOOKED_AT_MAX = 500
SEARCHES_PER_MINUTE = 120
#: It stands in the message that names the group.
GROUP_PICTURE_SIZE_BYTES_MAX = 24 * 1024
COMMIT_SIZE_BYTES_MAX = 1024 * 1024
WELCOME_SIZE_BYTES_MAX = 4 * 1024 * 1024
GROUP_INFO_SIZE_BYTES_MAX = 2 * 1024 * 1024
HEADER_SIZE_BYTES_MAX = 512
CIPHERTEXT_SIZE_BYTES_MAX = 96 * 1024
SIGNATURE_SIZE_BYTES = 64
TEXT_LENGTH_MAX = 16 * 1024
MENTIONS_PER_MESSAGE_MAX = 100
REACTION_LENGTH_MAX = 16
REPORT_REASON_LENGTH_MAX = 1000
REPORTS_PER_HOUR = 30
#: What is shown of them at once.
REPORTS_SHOWN_MAX = 1000
REACTIONS_PER_MESSAGE_MAX = 50
POLL_OPTIONS_MAX = 20
POLL_OPTION_LENGTH_MAX = 200
ARCHIVE_RECORD_SIZE_BYTES_MAX = 1024
ARCHIVE_PAGE_MAX = 500
HISTORY_KEY_SIZE_BYTES_MAX = 1024
ACCOUNT_INDEX_SIZE_BYTES_MAX = 1024 * 1024
SETTINGS_SIZE_BYTES_MAX = 2 * 1024 * 1024
FOLDER_NAME_LENGTH_MAX = 64
REMINDERS_MAX = 500

# Attachments
ATTACHMENT_SIZE_BYTES_MAX = 1024 * 1024 * 1024
ATTACHMENT_CHUNK_SIZE_BYTES_MIN = 256 * 1024
ATTACHMENT_CHUNK_SIZE_BYTES_MAX = 4 * 1024 * 1024
ATTACHMENT_CHUNKS_MAX = 256
ATTACHMENTS_PER_MESSAGE_MAX = 10
ATTACHMENT_NAME_LENGTH_MAX = 255
MEDIA_TYPE_LENGTH_MAX = 127
IMAGE_SIDE_PX_MAX = 65_535
IMAGE_PIXELS_MAX = 64 * 1024 * 1024
#: Each scan of a progressive JPEG goes over all pixels, however few bytes it has: half a megabyte of empty ones takes minutes.
#: Encoders make ten.
IMAGE_SCANS_MAX = 64
THUMBNAIL_SIDE_PX_MAX = 320
THUMBNAIL_SIZE_BYTES_MAX = 24 * 1024
THUMBNAILS_PER_MESSAGE_SIZE_BYTES_MAX = 40 * 1024
MESSAGE_BODY_SIZE_BYTES_MAX = 90 * 1024

# The media service
#: S3 asks for at least 5 MiB of every part but the last.
MEDIA_PART_SIZE_BYTES = 5 * 1024 * 1024
#: An attachment at its largest with the tags of all its chunks.
MEDIA_OBJECT_SIZE_BYTES_MAX = ATTACHMENT_SIZE_BYTES_MAX + 16 * ATTACHMENT_CHUNKS_MAX
MEDIA_OBJECT_SIZE_BYTES_MIN = 16
MEDIA_BYTES_PER_USER_MAX = 16 * 1024 * 1024 * 1024
MEDIA_OBJECTS_PER_USER_MAX = 100_000
MEDIA_UPLOAD_LIFETIME_S = 24 * 3600
MEDIA_UPLOAD_URL_LIFETIME_S = 3600
MEDIA_DOWNLOAD_URL_LIFETIME_S = 300
MEDIA_SWEEP_INTERVAL_S = 60
MEDIA_SWEEP_BATCH_MAX = 200
OBJECT_STORE_TIMEOUT_S = 10
OBJECT_STORE_CALLS_AT_ONCE_MAX = 16

# Writing to messaging, by HTTP and socket together, at each node: so many at once, so many a second.
WRITES_PER_DEVICE_BURST = 600
WRITES_PER_DEVICE_PER_S = 20
WRITES_PER_PERSON_BURST = 1200
WRITES_PER_PERSON_PER_S = 40
#: Many people may be behind one address.
WRITES_PER_ADDRESS_BURST = 3000
WRITES_PER_ADDRESS_PER_S = 200
#: Of all members together; commits are not counted, so that a flood can be ended.
MESSAGES_PER_CONVERSATION_BURST = 1000
MESSAGES_PER_CONVERSATION_PER_S = 100

# The log
APPEND_TIMEOUT_S = 10
SCHEDULED_PER_DEVICE_MAX = 200
SCHEDULED_AHEAD_S_MAX = 366 * 24 * 3600
APPEND_BATCH_MAX = 1000
APPEND_QUEUE_MAX = 10_000
STORE_TIMEOUT_S = 5
#: Below this nodes take nothing more to store: a database that meets the end of its disk dies, one that stops before goes on.
STORAGE_FREE_BYTES_MIN = 256 * 1024 * 1024
STORAGE_INTERVAL_S = 2
FANOUT_BUCKETS = 256
FANOUT_BEAT_INTERVAL_S = 1.0
FANOUT_STRAGGLER_WAIT_S = 0.1
EPOCH_MESSAGES_MAX = 100
EPOCH_WRITING_AGE_S_MAX = 24 * 3600
EPOCH_AGE_S_MAX = 7 * 24 * 3600
LEAF_AGE_S_MAX = 7 * 24 * 3600
LEAF_UNSEEN_S_MAX = 90 * 24 * 3600

#: History for newcomers: secrets of so many epochs go in one message, which the largest body holds.
PAST_EPOCHS_PER_ANSWER_MAX = 1000
#: Who let somebody in answers at once; another device after a part of this time that is its own.
PAST_OTHERS_WAIT_S = 30
#: A newcomer asks again after this time, doubled each time, and at most so often.
PAST_ASK_AGAIN_S = 120
PAST_ASKS_MAX = 10
PAST_PAGES_AT_ONCE = 20

#: How often a node looks for what is to be forgotten, and how much it forgets at once.
EXPIRY_INTERVAL_S = 5
EXPIRY_BATCH_MAX = 1000
RETENTION_INTERVAL_S = 60
#: A timer or a retention is at least a minute and at most ten years.
LIFETIME_S_MIN = 60
LIFETIME_S_MAX = 10 * 366 * 24 * 3600

# State around conversations
READ_STATE_BUCKETS = 64
#: Larger groups keep no delivered positions: what n members tell n others is n x n.
DELIVERY_MEMBERS_MAX = 100
DELIVERY_INTERVAL_S = 1.0
#: Receipts that a node tells live in one conversation, fewer where more than so many sockets hear them; those beyond are asked for.
RECEIPTS_LIVE_BURST = 100
RECEIPTS_LIVE_PER_S = 20
RECEIPTS_LIVE_SOCKETS = 100
TYPING_BURST = 10
TYPING_PER_S = 1
TYPING_REPEAT_S = 3.0
TYPING_LIFETIME_S = 6.0
PRESENCE_WATCH_MAX = 100
PRESENCE_COMMANDS_BURST = 10
PRESENCE_COMMANDS_PER_S = 1
PRESENCE_BEAT_INTERVAL_S = 2.0
#: A node that has not said so for this long is gone, and its people with it.
PRESENCE_LEASE_S = 6.0
#: Whoever comes back within this time was never offline.
PRESENCE_GRACE_S = 3.0
LAST_SEEN_KEPT_S = 30 * 24 * 3600

# The auth service
AUTH_REQUEST_SIZE_BYTES_MAX = 1024 * 1024
AUTH_THREADS = 16
PASSWORD_HASHES_AT_ONCE_MAX = 4
#: What asks for a fresh sign-in takes one of this age, or `POST me/reauthenticate`.
RECENT_SIGN_IN_S = 600
#: Codes in letters; a reset opens an account, so it lives shorter. One that an operator hands over goes by slower ways.
EMAIL_CODE_LIFETIME_S = 24 * 3600
RESET_CODE_LIFETIME_S = 600
HANDED_CODE_LIFETIME_S = 3600
EMAIL_CODE_LENGTH_MAX = 64
TOTP_SETUP_LIFETIME_S = 900
FACTOR_CODE_LENGTH_MAX = 32
RECOVERY_CODES = 10
PASSKEY_CHALLENGE_LIFETIME_S = 300
PASSKEYS_PER_USER_MAX = 20
PASSKEY_NAME_LENGTH_MAX = 64
INVITATION_CODE_LENGTH_MAX = 64
INVITATION_USES_MAX = 1000
INVITATION_LIFETIME_S_MIN = 60
INVITATION_LIFETIME_S_MAX = 366 * 24 * 3600
#: Of one member, still good at once.
INVITATIONS_PER_USER_MAX = 20
SIGN_UP_DOMAINS_MAX = 50
#: Identity providers: what is read of them, and how long it is kept.
PROVIDERS_MAX = 20
PROVIDER_NAME_LENGTH_MAX = 64
PROVIDER_LINKS_PER_USER_MAX = 10
PROVIDER_TIMEOUT_S = 5
PROVIDER_CALLS_AT_ONCE_MAX = 4
PROVIDER_ANSWER_SIZE_BYTES_MAX = 256 * 1024
PROVIDER_TOKEN_SIZE_BYTES_MAX = 16 * 1024
PROVIDER_SUBJECT_LENGTH_MAX = 255
PROVIDER_METADATA_KEPT_S = 3600
#: Keys are asked for anew where one is not known, at most so often.
PROVIDER_KEYS_AGAIN_S = 60
PROVIDER_FLOW_LIFETIME_S = 900
PROVIDER_SIGN_IN_AGE_S_MAX = 300
#: Accounts that may share an address that none of them has confirmed: so many get a letter that resets.
RESETS_PER_ADDRESS_MAX = 5
LETTER_ATTEMPTS_MAX = 12
LETTER_KEPT_S = 24 * 3600
LETTER_PAUSE_S_MIN = 5
LETTER_PAUSE_S_MAX = 3600
MAIL_TIMEOUT_S = 10
PASSWORD_HASHES_WAITING_MAX = 8
REFRESH_RETRY_WINDOW_S = 24 * 3600
SESSIONS_PER_USER_MAX = 64
#: What a person is shown of their own sign-ins, and how many letters tell of new ones.
SIGN_INS_KEPT_MAX = 100
SIGN_IN_LETTERS_PER_DAY_MAX = 3
USED_REFRESH_TOKENS_KEPT_S = 7 * 24 * 3600
EVENTS_KEPT_S = 7 * 24 * 3600
EVENTS_STREAM_LENGTH_MAX = 100_000
REVOCATIONS_PAGE_MAX = 1000
#: Blocks: how many one person has at once, how many messaging reads at once, and how often it looks for new ones.
BLOCKS_PER_USER_MAX = 1000
BLOCKS_PAGE_MAX = 5000
BLOCKS_POLL_INTERVAL_S = 2
DELETIONS_PAGE_MAX = 500
#: Archives of what the server keeps of a person: how many a day, how long each lies there, and how it is made and given.
EXPORTS_PER_DAY_MAX = 3
EXPORT_LIFETIME_S = 3 * 24 * 3600
EXPORT_PART_SIZE_BYTES = 4 * 1024 * 1024
EXPORT_ATTEMPTS_MAX = 5
EXPORT_LEASE_S = 600
#: So long an account that is to be deleted can be taken back; the second number is that of the profile `test`.
DELETION_GRACE_S = 14 * 24 * 3600
DELETION_GRACE_TEST_S = 10
#: When it is gone, other services are asked what is left: first after, then again after, and at last each.
DELETION_FIRST_LOOK_S = 6
DELETION_LOOK_PAUSE_S_MIN = 10
DELETION_LOOK_PAUSE_S_MAX = 3600
#: So often they ask who is gone.
DELETION_POLL_INTERVAL_S = 3
IDEMPOTENCY_KEY_LENGTH_MAX = 64
USERS_PER_LOOKUP_MAX = 1000

#: Keys that are older than this are replaced without a command.
SIGNING_KEY_LIFETIME_S = 90 * 24 * 3600
FIELD_KEY_LIFETIME_S = 365 * 24 * 3600
#: Who verifies access tokens asks for unknown keys again, but not sooner than this.
KEYS_AGAIN_AFTER_S = 5
#: What operators tell everybody: texts in characters, how many stand at once, and how long.
ANNOUNCEMENT_LENGTH_MAX = 280
ANNOUNCEMENTS_AT_ONCE_MAX = 5
ANNOUNCEMENT_LIFETIME_S_MIN = 60
ANNOUNCEMENT_LIFETIME_S_MAX = 366 * 24 * 3600
TERMS_LENGTH_MAX = 64 * 1024
#: Rows of people or of the audit log in one answer to an operator.
OPERATOR_PAGE_MAX = 200
#: Sessions of the operators' pages end when nobody does anything for so long, and at last.
OPERATOR_IDLE_S = 15 * 60
OPERATOR_SESSION_S = 8 * 3600

# Notifications
PUSH_DEVICES_MAX = 50
#: Entries whose recipients are asked for at once.
RECIPIENTS_PLACES_MAX = 200
PUSH_KEY_SIZE_BYTES = 32
PUSH_SEALED_SECRET_SIZE_BYTES = 80
#: RFC 8291 section 4 (a record of 4,096 bytes) less the header of RFC 8188, the tag and the padding delimiter.
PUSH_PAYLOAD_SIZE_BYTES_MAX = 4096 - 86 - 17
#: What of that is left to the structure whose base64url text the payload is.
PUSH_STRUCTURE_SIZE_BYTES_MAX = PUSH_PAYLOAD_SIZE_BYTES_MAX * 3 // 4
PUSH_ENDPOINT_LENGTH_MAX = 1024
PUSH_TTL_S = 24 * 3600
PUSH_TIMEOUT_S = 10
PUSH_RESOLVE_TIMEOUT_S = 5
PUSH_ATTEMPTS_MAX = 8
PUSH_AT_ONCE_MAX = 24
DELIVERIES_KEPT_S = 7 * 24 * 3600
MESSAGE_EVENTS_STREAM_LENGTH_MAX = 10_000
PREFERENCES_PER_USER_MAX = CONVERSATIONS_PER_USER_MAX
NOTIFICATION_REQUEST_SIZE_BYTES_MAX = 64 * 1024
NOTIFICATION_THREADS = 8
