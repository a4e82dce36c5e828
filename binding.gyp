# The addon for node-gyp, the way in where there is no CMake; the same sources and settings as CMakeLists.txt.
{
  'targets': [
    {
      'target_name': 'libneon',
      'product_name': 'libneon',  # without it gyp takes "lib" away
      'sources': ['<!@(node -p "fs.readdirSync(\'binding\', { recursive: true }).filter(f => f.endsWith(\'.cc\')).map(f => \'binding/\' + f).join(\' \')")'],
      'variables': {
        # Others' headers are system headers, so that our warnings are about our code.
        'neon_cflags': [
          '-std=c++20',
          '-Wall',
          '-Wextra',
          '-Wpedantic',
          '-fvisibility=hidden',
          '-fvisibility-inlines-hidden',
          '-isystem<!(node -p "path.resolve(require(\'node-addon-api\').include_dir)")',
          '<!@(node deps/neon-flags.mjs cflags)',
        ],
      },
      'include_dirs': ['binding'],
      'defines': [
        'NAPI_VERSION=8',
        'NAPI_CPP_EXCEPTIONS',
        'NODE_ADDON_API_DISABLE_DEPRECATED',
        'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
        'NDEBUG',
      ],
      # neon's own flags decide the size of ne_off_t, not node-gyp's.
      'defines!': ['_FILE_OFFSET_BITS=64', '_LARGEFILE_SOURCE'],
      'cflags': ['-fPIC'],
      'cflags!': ['-O3', '-Wno-unused-parameter'],
      'cflags_cc!': ['-fno-exceptions', '-fno-rtti', '-std=gnu++17', '-std=gnu++20'],
      'cflags_cc': ['-O2', '<@(neon_cflags)'],
      'libraries': ['<!@(node deps/neon-flags.mjs libs)'],
      'conditions': [
        ['OS=="mac"', {
          'xcode_settings': {
            'CLANG_CXX_LANGUAGE_STANDARD': 'c++20',
            'CLANG_CXX_LIBRARY': 'libc++',
            'GCC_ENABLE_CPP_EXCEPTIONS': 'YES',
            'GCC_ENABLE_CPP_RTTI': 'YES',
            'MACOSX_DEPLOYMENT_TARGET': '13.0',
            'OTHER_CPLUSPLUSFLAGS': ['<@(neon_cflags)'],
          },
        }, {
          # Node unmaps an addon that only a worker had loaded when the worker ends; our threads may still run in it then.
          'ldflags': ['-pthread', '-Wl,-z,nodelete'],
        }],
        ['OS=="linux"', {
          'libraries': ['-ldl', '-l:libz.so.1'],  # zlib; see CMakeLists.txt
          # gyp precompiles headers on Windows and macOS only. GCC takes the flags of the sources, which the makefile has.
          'actions': [{
            'action_name': 'precompile_headers',
            'inputs': ['binding/core/precompiled.h'],
            'outputs': ['<(INTERMEDIATE_DIR)/precompiled.h.gch'],
            'action': [
              'sh', '-c',
              '$(CXX.target) $(DEFS_$(BUILDTYPE)) -Ibinding/core $(INCS_$(BUILDTYPE)) $(CFLAGS_$(BUILDTYPE)) '
              '$(CFLAGS_CC_$(BUILDTYPE)) -x c++-header <(_inputs) -o <(_outputs)',
            ],
          }],
          'include_dirs': ['<(INTERMEDIATE_DIR)', 'binding/core'],
          'cflags_cc': ['-include', 'precompiled.h'],
        }],
      ],
    },
  ],
}
