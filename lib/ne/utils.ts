import { native } from '../native.js';

/** The version and the build options of the loaded neon, for people: `"neon 0.32.5: Library build, …"`. */
export const ne_version_string: () => string = native('ne_version_string');

/**
 * The version of the loaded neon: `"0.37.1"`. Needs neon 0.37.
 *
 * @throws `ERR_NEON_UNSUPPORTED` with an older one
 */
export const ne_version_library: () => string = native('ne_version_library');

/** 0 if the loaded neon is compatible with the interface of version `major.minor`. */
export const ne_version_match: (major: number, minor: number) => number = native('ne_version_match');

/** Non-zero if the loaded neon was built with the feature (`NE_FEATURE_*`). */
export const ne_has_support: (feature: number) => number = native('ne_has_support');
