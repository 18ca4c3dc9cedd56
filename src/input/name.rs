//! Options that travel by name: an enum whose variants have the names that the documentation uses.

/// Defines an enum with `name`, the list of all `NAMES`, and `FromStr`, which refuses other names with that list.
macro_rules! named {
    (
        $(#[$meta:meta])*
        pub enum $Type:ident for $argument:literal {
            $(#[$first_meta:meta])* $First:ident = $first:literal,
            $($(#[$variant_meta:meta])* $Variant:ident = $name:literal,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $Type {
            $(#[$first_meta])* $First,
            $($(#[$variant_meta])* $Variant,)*
        }

        impl $Type {
            /// All names, in the order of the variants.
            pub const NAMES: &'static [&'static str] = &[$first, $($name),*];

            /// The name that stands for it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                Self::NAMES[self as usize]
            }
        }

        impl std::str::FromStr for $Type {
            type Err = $crate::Error;

            fn from_str(name: &str) -> $crate::Result<Self> {
                match name {
                    $first => Ok(Self::$First),
                    $($name => Ok(Self::$Variant),)*
                    _ => Err($crate::Error::UnknownName {
                        argument: $argument,
                        valid: concat!("'", $first, "'" $(, ", '", $name, "'")*),
                        value: name.to_owned(),
                    }),
                }
            }
        }
    };
}
pub(crate) use named;
