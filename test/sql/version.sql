-- Library, control file and catalogue agree on the version.
SELECT starhouse.version() = extversion AS versions_agree FROM pg_extension WHERE extname = 'starhouse';
